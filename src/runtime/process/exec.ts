// exec, attach and port-forward: ways into what runs.
import type { Readable } from 'node:stream';
import type { Clock } from '../../lang/clock.ts';
import { type ExecResult, RuntimeError, type StreamRequest, type StreamSession } from '../runtime.ts';
import type { Container } from './container.ts';
import type { Crun, Monitor } from './crun.ts';
import { openStreams } from './stdio.ts';

type Started = { readonly session: StreamSession; readonly kill: () => void };

/** Starts a process in a running container. */
export const execIn = async (crun: Crun, container: Container, request: StreamRequest): Promise<Started> => {
  const { record, folder } = container;
  if (record.state !== 'running')
    throw new RuntimeError('EXEC_FAILED', `container "${record.config.name}" is not running`);
  const streams = openStreams(request);
  const env = container.process().env.filter((pair) => !pair.startsWith('TERM='));
  const process = {
    ...container.process(),
    terminal: request.tty,
    args: request.command,
    env: request.tty ? [...env, 'TERM=xterm'] : env,
  };
  const monitor = crun.exec(record.id, folder, process, streams.fds);
  const pid = await startedOf(monitor, request.command);
  const kill = (): void => killIfThere(pid, 'SIGKILL');
  const session: StreamSession = {
    stdin: request.stdin ? streams.stdin : undefined,
    stdout: streams.stdout,
    stderr: streams.stderr,
    resize: (columns, rows) => {
      streams.resize(columns, rows);
      killIfThere(monitor.pid, 'SIGWINCH'); // crun has no controlling terminal that would tell it
    },
    exited: monitor.exited,
    close: kill,
  };
  return { session, kill };
};

const startedOf = async (monitor: Monitor, command: readonly string[]): Promise<number> => {
  try {
    return await monitor.started;
  } catch (error) {
    throw new RuntimeError(
      'EXEC_FAILED',
      `exec ${JSON.stringify(command[0] ?? '')}: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
};

const killIfThere = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // ended meanwhile
  }
};

/** Runs a command to its end; rejects with EXEC_TIMEOUT, having killed it, after `timeoutMs`. */
export const execToEnd = async (
  { crun, clock }: { readonly crun: Crun; readonly clock: Clock },
  container: Container,
  command: readonly string[],
  timeoutMs: number,
): Promise<ExecResult> => {
  const { session, kill } = await execIn(crun, container, { command, stdin: false, tty: false });
  let isLate = false;
  const timer = clock.after(timeoutMs, () => {
    isLate = true;
    kill();
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    collect(session.stdout),
    collect(session.stderr!),
    session.exited,
  ]);
  timer.cancel();
  if (isLate)
    throw new RuntimeError(
      'EXEC_TIMEOUT',
      `command ${JSON.stringify(command.join(' '))} timed out after ${timeoutMs} ms`,
    );
  return { exitCode, stdout, stderr };
};

/** What a probe's command may say; the rest is dropped. */
const MAX_OUTPUT_BYTES = 16 << 20;

const collect = async (stream: Readable): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (size < MAX_OUTPUT_BYTES) chunks.push(chunk);
    size += chunk.length;
  }
  return Buffer.concat(chunks);
};

/** The running container's own streams. */
export const attachTo = (container: Container, request: Omit<StreamRequest, 'command'>): StreamSession => {
  const { running, record } = container;
  if (!running || record.state !== 'running')
    throw new RuntimeError('EXEC_FAILED', `container "${record.config.name}" is not running`);
  const { output, streams, monitor } = running;
  const stdout = output.follow('stdout');
  const stderr = record.config.tty ? undefined : output.follow('stderr');
  return {
    stdin: request.stdin && record.config.stdin ? streams.stdin : undefined,
    stdout,
    stderr,
    resize: (columns, rows) => {
      streams.resize(columns, rows);
      killIfThere(monitor.pid, 'SIGWINCH');
    },
    exited: monitor.exited,
    close: () => {
      stdout.destroy();
      stderr?.destroy();
    },
  };
};
