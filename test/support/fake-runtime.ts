// A container runtime in memory behind the PodRuntime interface. Containers run until a test ends them or they are
// stopped; exec knows `echo`, `cat` and `exit`; logs are real files, as the kubelet reads them itself.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { RuntimeError } from '../../src/runtime/runtime.ts';
import type {
  ContainerConfig,
  ContainerStatus,
  ExecResult,
  PodRuntime,
  PodSandboxConfig,
  PodSandboxStatus,
  RuntimeEvent,
  StreamSession,
} from '../../src/runtime/runtime.ts';
import type { Clock } from '../../src/lang/clock.ts';

type FakeSandbox = { status: PodSandboxStatus; readonly config: PodSandboxConfig };
type FakeContainer = { status: ContainerStatus; readonly config: ContainerConfig };

export type FakeRuntime = PodRuntime & {
  /** Each call that changes something, e.g. `start web#0`; containers by name and attempt. */
  readonly calls: readonly string[];
  readonly images: Map<string, string>;
  /** The configuration of the latest attempt of a container. */
  readonly configOf: (name: string) => ContainerConfig;
  readonly latest: (name: string) => ContainerStatus;
  /** The latest attempt of the container ends. */
  readonly exit: (name: string, exitCode: number) => void;
  /** A line into the container's log. */
  readonly log: (name: string, text: string, stream?: 'stdout' | 'stderr') => void;
  /** The sandbox is gone, as after a reboot. */
  readonly killSandbox: () => void;
  /** What execSync answers from now on. */
  readonly onExecSync: (
    answer: (container: string, command: readonly string[]) => ExecResult | Promise<ExecResult>,
  ) => void;
  /** Which ports are listened at, each with an echo; none to begin with. */
  readonly onPortForward: (listens: (port: number) => boolean) => void;
  /** Whether stopContainer ends the container at once (the default) or only at `exit`. */
  readonly endsWhenStopped: (ends: boolean) => void;
};

export const createFakeRuntime = (clock: Clock): FakeRuntime => {
  const sandboxes = new Map<string, FakeSandbox>();
  const containers = new Map<string, FakeContainer>();
  const listeners = new Set<(event: RuntimeEvent) => void>();
  const images = new Map([['podnet/toolbox:latest', 'sha256:toolbox']]);
  const calls: string[] = [];
  let count = 0;
  let ends = true;
  let execSync = (_container: string, _command: readonly string[]): ExecResult | Promise<ExecResult> => ({
    exitCode: 0,
    stdout: Buffer.alloc(0),
    stderr: Buffer.alloc(0),
  });
  let listens = (_port: number): boolean => false;
  const stopWaiters = new Map<string, (() => void)[]>();

  const enter = async (method: string, what?: string): Promise<void> => {
    if (what !== undefined) calls.push(`${method} ${what}`);
    await Promise.resolve();
  };
  const emit = (type: RuntimeEvent['type'], { status }: FakeContainer): void => {
    for (const listener of listeners) listener({ type, sandboxId: status.sandboxId, containerId: status.id });
  };
  const container = (id: string): FakeContainer => {
    const found = containers.get(id);
    if (!found) throw new RuntimeError('CONTAINER_NOT_FOUND', `no container ${id}`);
    return found;
  };
  const label = ({ status }: FakeContainer): string => `${status.name}#${status.attempt}`;
  const byName = (name: string): FakeContainer => {
    const found = [...containers.values()].filter(({ status }) => status.name === name);
    if (found.length === 0) throw new Error(`no container ${name}`);
    return found.reduce((a, b) => (a.status.attempt > b.status.attempt ? a : b));
  };
  const end = (target: FakeContainer, exitCode: number): void => {
    if (target.status.state !== 'running') return;
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    target.status = { ...target.status, state: 'exited', exitCode, reason, finishedAtMs: clock.now() };
    for (const resolve of stopWaiters.get(target.status.id) ?? []) resolve();
    emit('exited', target);
  };

  const runtime: PodRuntime = {
    runPodSandbox: async (config) => {
      await enter('runPodSandbox', `${config.pod.name}#${config.pod.attempt}`);
      const id = `sandbox-${++count}`;
      const status: PodSandboxStatus = {
        id,
        pod: config.pod,
        state: 'ready',
        ips: config.hostNetwork ? [] : [`10.244.0.${count}`, `fd00:10:244::${count.toString(16)}`],
        createdAtMs: clock.now(),
      };
      sandboxes.set(id, { status, config });
      return id;
    },
    stopPodSandbox: async (id) => {
      await enter('stopPodSandbox', id);
      for (const each of containers.values()) if (each.status.sandboxId === id) end(each, 137);
      const sandbox = sandboxes.get(id);
      if (sandbox) sandbox.status = { ...sandbox.status, state: 'not-ready', ips: [] };
    },
    removePodSandbox: async (id) => {
      await enter('removePodSandbox', id);
      sandboxes.delete(id);
    },
    podSandboxStatus: async (id) => sandboxes.get(id)?.status,
    listPodSandbox: async () => [...sandboxes.values()].map(({ status }) => status),
    createContainer: async (sandboxId, config) => {
      await enter('createContainer', `${config.name}#${config.attempt}`);
      const id = `container-${++count}`;
      const status: ContainerStatus = {
        id,
        sandboxId,
        name: config.name,
        attempt: config.attempt,
        state: 'created',
        imageId: config.imageId,
        imageRef: 'podnet/toolbox:latest',
        createdAtMs: clock.now(),
        startedAtMs: undefined,
        finishedAtMs: undefined,
        exitCode: undefined,
        reason: undefined,
        message: undefined,
        logPath: config.logPath,
      };
      containers.set(id, { status, config });
      return id;
    },
    startContainer: async (id) => {
      const target = container(id);
      try {
        await enter('startContainer', label(target));
      } catch (error) {
        const { message } = error as Error;
        target.status = { ...target.status, state: 'exited', exitCode: 128, reason: 'StartError', message };
        throw error;
      }
      target.status = { ...target.status, state: 'running', startedAtMs: clock.now() };
      appendFileSync(logPath(target), '');
      emit('started', target);
    },
    stopContainer: async (id, graceSeconds) => {
      const target = container(id);
      await enter('stopContainer', `${label(target)} ${graceSeconds}s`);
      if (ends) return end(target, 143);
      if (target.status.state !== 'running') return;
      await new Promise<void>((resolve) => {
        stopWaiters.set(id, [...(stopWaiters.get(id) ?? []), resolve]);
        clock.after(graceSeconds * 1000, () => end(target, 137));
      });
    },
    removeContainer: async (id) => {
      await enter('removeContainer', label(container(id)));
      containers.delete(id);
    },
    containerStatus: async (id) => containers.get(id)?.status,
    listContainers: async (sandboxId) =>
      [...containers.values()]
        .map(({ status }) => status)
        .filter((status) => sandboxId === undefined || status.sandboxId === sandboxId),
    execSync: async (id, command) => {
      const target = container(id);
      await enter('execSync', `${label(target)} ${command.join(' ')}`);
      return execSync(target.status.name, command);
    },
    exec: async (id, { command }) => {
      await enter('exec', `${label(container(id))} ${command.join(' ')}`);
      return fakeProcess(command);
    },
    attach: async (id) => {
      await enter('attach', label(container(id)));
      await startTime();
      return fakeProcess(['cat']);
    },
    portForward: async (_id, port) => {
      if (!listens(port)) throw new RuntimeError('EXEC_FAILED', `connect to port ${port}: ECONNREFUSED`);
      const echo = new PassThrough();
      return { readable: echo, writable: echo, close: () => void echo.destroy() };
    },
    imageStatus: async (image) => {
      const id = images.get(image);
      return id === undefined ? undefined : { id, repoTags: [image], sizeBytes: 1000, user: undefined };
    },
    pullImage: async (image) => {
      await enter('pullImage', image);
      const id = images.get(image);
      if (id !== undefined) return id;
      throw new RuntimeError('IMAGE_NOT_FOUND', `image ${image} is not there: podnet image load ARCHIVE`);
    },
    listImages: async () => [],
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: async () => {},
  };
  const logPath = ({ status }: FakeContainer): string =>
    join(sandboxes.get(status.sandboxId)!.config.logDirectory, status.logPath);

  return {
    ...runtime,
    calls,
    images,
    configOf: (name) => byName(name).config,
    latest: (name) => byName(name).status,
    exit: (name, exitCode) => end(byName(name), exitCode),
    log: (name, text, stream = 'stdout') =>
      appendFileSync(
        logPath(byName(name)),
        `${new Date(clock.now()).toISOString().replace('Z', '000000Z')} ${stream} F ${text}\n`,
      ),
    killSandbox: () => {
      for (const each of containers.values()) end(each, 137);
      for (const sandbox of sandboxes.values())
        sandbox.status = { ...sandbox.status, state: 'not-ready', ips: [] };
    },
    onExecSync: (answer) => void (execSync = answer),
    onPortForward: (each) => void (listens = each),
    endsWhenStopped: (does) => void (ends = does),
  };
};

/** A real process takes its time to start: what a client sends meanwhile must not be lost. */
const startTime = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 20));

/** `echo TEXT`, `cat`, `exit CODE`; anything else waits until it is closed. */
const fakeProcess = ([program, ...args]: readonly string[]): StreamSession => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const { promise: exited, resolve } = Promise.withResolvers<number>();
  const end = (exitCode: number): void => {
    stdout.end();
    stderr.end();
    resolve(exitCode);
  };
  if (program === 'echo') stdout.write(`${args.join(' ')}\n`, () => end(0));
  else if (program === 'exit') stderr.write('failed\n', () => end(Number(args[0])));
  else if (program === 'cat') {
    stdin.on('data', (chunk: Buffer) => stdout.write(chunk));
    stdin.on('end', () => end(0));
  }
  const resize = (columns: number, rows: number): void => void stdout.write(`${columns}x${rows}\n`);
  return { stdin, stdout, stderr, resize, exited, close: () => end(137) };
};
