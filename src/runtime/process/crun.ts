// Starts crun: one process for each container and each exec, which waits for it in the foreground.
//
//   descriptor 3 of crun is a pipe to here:   "1234"  the container has started, with this pid on the host
//                                             end     crun has ended: its exit code is the container's
//
// Where processes are to be in a cgroup that crun leaves alone, a shell enters it and then becomes crun.
// crun opens the pipe by --pid-file=/proc/self/fd/3, and lets no container inherit it. So there is nothing to poll.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  closeAll,
  openFile,
  openReadablePipe,
  reapProcess,
  spawnProcess,
} from '../../kernel/child-process.ts';
import { withNewMountNamespace } from '../../kernel/mount-namespace.ts';
import { mount } from '../../kernel/mount.ts';
import { type ProcessId, isAlive, signalProcess } from '../../kernel/process-id.ts';
import type { OciProcess } from './bundle.ts';
import type { CrunIo } from './stdio.ts';

const PROGRAMS = ['/usr/bin/crun', '/usr/local/bin/crun', '/usr/sbin/crun'];
const ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

/** A container or exec that crun watches over. */
export type Monitor = {
  /** The pid of what runs, once it runs; rejects with crun's words if it never does. */
  readonly started: Promise<number>;
  /** The exit code, 128 + signal where one ended it; never rejects. */
  readonly exited: Promise<number>;
  /** What crun said after the start: an error of the exec itself. */
  readonly complaint: () => string;
};

export type Overlay = { readonly lower: string; readonly upper: string; readonly work: string };

export type Bundle = {
  readonly id: string;
  /** Holds config.json. */
  readonly folder: string;
  /** The folder of a cgroup to enter that crun leaves alone. */
  readonly cgroup: string | undefined;
};

export type Crun = {
  /** Its rootfs is the overlay, mounted for crun and the container alone. */
  readonly run: (bundle: Bundle, overlay: Overlay, io: CrunIo) => Monitor;
  /** Ends a container that no Monitor watches over, and drops crun's record of it. */
  readonly abandon: (id: string) => void;
  /** Runs one more process in a container; the folder takes its description. */
  readonly exec: (bundle: Bundle, process: OciProcess, io: CrunIo) => Monitor;
};

/** What crun has on record of a container, for when no Monitor watches over it. */
export const processOnRecord = (root: string, id: string): ProcessId | undefined => {
  try {
    const status = JSON.parse(readFileSync(join(root, id, 'status'), 'utf8')) as CrunStatus;
    const found = { pid: status.pid, startTicks: String(status['process-start-time']) };
    return found.pid > 0 && isAlive(found) ? found : undefined;
  } catch {
    return undefined; // no record, or half of one
  }
};

type CrunStatus = { readonly pid: number; readonly 'process-start-time': number };

export type CrunOptions = {
  /** crun's own records. */
  readonly root: string;
  /** A folder that every container's root file system is mounted on: each in a mount namespace of its own. */
  readonly rootfs: string;
  readonly useCgroups: boolean;
  /** A mount that crun must not see: an empty folder covers it. */
  readonly hiddenMount: string | undefined;
};

export const createCrun = ({ root, rootfs, useCgroups, hiddenMount }: CrunOptions): Crun => {
  for (const folder of [root, rootfs]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const global = [
    '--root',
    root,
    '--cgroup-manager',
    useCgroups ? 'cgroupfs' : 'disabled',
    '--log-format',
    'json',
  ];
  const hide = (): void => {
    if (hiddenMount) mount({ source: 'tmpfs', target: hiddenMount, type: 'tmpfs' });
  };
  let execs = 0;
  return {
    run: ({ id, folder, cgroup }, overlay, io) => {
      const log = join(folder, 'crun.log');
      const args = [...global, '--log', log, 'run', '--bundle', folder, ...commonFlags(io), id];
      return monitor({ args, log, io, cgroup }, (spawn) =>
        withNewMountNamespace(() => {
          hide();
          mountOverlay(overlay, rootfs);
          return spawn();
        }),
      );
    },
    abandon: (id) => {
      const left = processOnRecord(root, id);
      if (left) signalProcess(left, 'SIGKILL');
      rmSync(join(root, id), { recursive: true, force: true });
    },
    exec: ({ id, folder, cgroup }, description, io) => {
      const name = join(folder, `exec-${++execs}`);
      const [file, log] = [`${name}.json`, `${name}.log`];
      writeFileSync(file, JSON.stringify(description), { mode: 0o600 });
      const args = [...global, '--log', log, 'exec', '--process', file, ...commonFlags(io), id];
      const watched = monitor({ args, log, io, cgroup }, (spawn) =>
        hiddenMount ? spawnHidden(hide, spawn) : spawn(),
      );
      void watched.exited.then(() => [file, log].forEach((path) => rmSync(path, { force: true })));
      return watched;
    },
  };
};

const commonFlags = ({ consoleSocket }: CrunIo): readonly string[] => [
  '--pid-file',
  '/proc/self/fd/3',
  ...(consoleSocket ? ['--console-socket', consoleSocket] : []),
];

const spawnHidden = (hide: () => void, spawn: () => number): number =>
  withNewMountNamespace(() => {
    hide();
    return spawn();
  });

/**
 * Not on the machine's own list of mounts: it is gone with the last process that sees it, whatever happens to us.
 * Volatile (Linux 5.10): without it the kernel syncs the whole disk below when the last process ends, and that process
 * counts as running until then. What a container wrote here is removed with it.
 */
const mountOverlay = ({ lower, upper, work }: Overlay, target: string): void =>
  mount({
    source: 'overlay',
    target,
    type: 'overlay',
    data: `lowerdir=${lower},upperdir=${upper},workdir=${work},volatile`,
  });

type Place = (spawn: () => number) => number;

type Call = {
  readonly args: readonly string[];
  readonly log: string;
  readonly io: CrunIo;
  readonly cgroup: string | undefined;
};

const monitor = ({ args, log, io, cgroup }: Call, inPlace: Place): Monitor => {
  const pipe = openReadablePipe();
  const entrance = cgroup === undefined ? [] : [openCgroup(cgroup)];
  const fds = [...io.fds, pipe.childFd, ...entrance];
  const command = cgroup === undefined ? { file: findCrun(), args } : throughShell([findCrun(), ...args]);
  const pid = startWith(fds, () => inPlace(() => spawnProcess({ ...command, env: ENV, fds })), pipe.stream);
  const { promise: started, resolve, reject } = Promise.withResolvers<number>();
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  let text = '';
  pipe.stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    resolve(Number(text));
  });
  pipe.stream.on('close', close);
  const exited = closed.then(async () => {
    const code = await reapProcess(pid);
    if (text === '') reject(new Error(errorsIn(log) || `crun ended with exit code ${code}`));
    return code;
  });
  started.catch(() => {}); // whoever asks hears of it
  return { started, exited, complaint: () => errorsIn(log) };
};

/**
 * Descriptor 4 is the cgroup's list of processes, 0 stands for the one that writes. Not by ourselves when crun is there:
 * it takes the kernel 10 ms (RCU), and a child that crun has by then would stay where it was.
 */
const throughShell = (command: readonly string[]): { file: string; args: readonly string[] } => ({
  file: '/bin/sh',
  args: ['-c', '{ echo 0 >&4; } 2>/dev/null; exec "$@" 4>&-', 'sh', ...command],
});

const openCgroup = (folder: string): number => openFile(join(folder, 'cgroup.procs'));

const startWith = (fds: readonly number[], start: () => number, stream: { destroy: () => void }): number => {
  try {
    return start();
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    closeAll(fds);
  }
};

let program: string | undefined;
const findCrun = (): string => (program ??= PROGRAMS.find((path) => existsSync(path)) ?? PROGRAMS[0]!);

/** crun's log: a JSON object a line. */
const errorsIn = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { readonly msg: string; readonly level: string })
      .filter(({ level }) => level === 'error')
      .map(({ msg }) => msg)
      .join('; ');
  } catch {
    return '';
  }
};
