// exec, attach and port-forward: ways into what runs.
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { processIdOf, signalProcess } from '../../kernel/process-id.ts';
import type { Clock } from '../../lang/clock.ts';
import { type ExecResult, RuntimeError, type StreamRequest, type StreamSession } from '../runtime.ts';
import { type Container, DRAIN_MS } from './container.ts';
import type { OciProcess } from './bundle.ts';
import type { Crun } from './crun.ts';
import { type Streams, prepareStdio } from './stdio.ts';

export type ExecOptions = {
  readonly crun: Crun;
  /** For the sockets on which terminals come. */
  readonly socketFolder: string;
  readonly clock: Clock;
};

/** Starts a process in a running container. */
export const execIn = async (
  { crun, socketFolder }: ExecOptions,
  container: Container,
  request: StreamRequest,
): Promise<StreamSession> => {
  checkRunning(container);
  const stdio = prepareStdio(request, socketFolder);
  try {
    const monitor = crun.exec(container.bundle, execProcess(container, request), stdio);
    const pid = await monitor.started;
    const { stdin, stdout, stderr, resize } = stdio.open();
    const id = processIdOf(pid);
    return {
      stdin: request.stdin ? stdin : undefined,
      stdout,
      stderr,
      resize,
      exited: monitor.exited,
      close: () => id && signalProcess(id, 'SIGKILL'), // maybe long after its end
    };
  } catch (error) {
    stdio.abort();
    const what = JSON.stringify(request.command[0] ?? '');
    throw new RuntimeError('EXEC_FAILED', `failed to exec ${what}: ${(error as Error).message}`, {
      cause: error,
    });
  }
};

const checkRunning = ({ record }: Container): void => {
  if (record.state !== 'running')
    throw new RuntimeError('EXEC_FAILED', `container "${record.config.name}" is not running`);
};

/** As the container's own process, with another command. */
const execProcess = (container: Container, { command, tty }: StreamRequest): OciProcess => {
  const process = container.process();
  const env = process.env.filter((pair) => !pair.startsWith('TERM='));
  return { ...process, terminal: tty, args: command, env: tty ? [...env, 'TERM=xterm'] : env };
};

/** Runs a command to its end; rejects with EXEC_TIMEOUT, having killed it, after `timeoutMs`. */
export const execToEnd = async (
  options: ExecOptions,
  container: Container,
  command: readonly string[],
  timeoutMs: number,
): Promise<ExecResult> => {
  const session = await execIn(options, container, { command, stdin: false, tty: false });
  let isLate = false;
  const timer = options.clock.after(timeoutMs, () => {
    isLate = true;
    session.close();
  });
  const streams = [session.stdout, session.stderr!];
  const output = Promise.all(streams.map(collect));
  const exitCode = await session.exited;
  timer.cancel();
  const draining = options.clock.after(isLate ? 0 : DRAIN_MS, () =>
    streams.forEach((each) => each.destroy()),
  );
  const [stdout, stderr] = (await output) as [Uint8Array, Uint8Array];
  draining.cancel();
  if (!isLate) return { exitCode, stdout, stderr };
  const what = JSON.stringify(command.join(' '));
  throw new RuntimeError('EXEC_TIMEOUT', `command ${what} timed out after ${timeoutMs} ms`);
};

/** What a probe's command may say; the rest is dropped. */
const MAX_OUTPUT_BYTES = 16 << 20;

/** What comes until the stream has ended, or has been destroyed. */
const collect = (stream: Readable): Promise<Uint8Array> =>
  new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      if (size < MAX_OUTPUT_BYTES) chunks.push(chunk);
      size += chunk.length;
    });
    stream.on('error', () => {}); // 'close' follows
    stream.once('close', () => resolve(Buffer.concat(chunks)));
  });

/** The running container's own streams. */
export const attachTo = (container: Container, request: Omit<StreamRequest, 'command'>): StreamSession => {
  checkRunning(container);
  const { output, streams, monitor } = container.running!;
  const { tty, stdin, stdinOnce } = container.record.config;
  const stdout = output.follow('stdout');
  const stderr = tty ? undefined : output.follow('stderr');
  return {
    stdin: request.stdin && stdin ? inputOf(streams, stdinOnce) : undefined,
    stdout,
    stderr,
    resize: streams.resize,
    exited: monitor.exited,
    close: () => {
      stdout.destroy();
      stderr?.destroy();
    },
  };
};

/** Without stdinOnce the container's stdin stays open for who attaches next. */
const inputOf = ({ stdin }: Streams, stdinOnce: boolean): Writable | undefined => {
  if (!stdin || stdinOnce) return stdin;
  const input = new PassThrough();
  input.pipe(stdin, { end: false });
  return input;
};
