// Child processes by posix_spawn, which shares the parent's memory until exec. Node's own spawn forks, and a fork copies
// page tables: 12 ms with 350 MB resident, against 0.2 ms here, and the event loop stands still for it.
// A child starts in the network and mount namespaces of the calling thread.
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { closeDescriptor, openDescriptor } from './ffi/libc.ts';
import { pipe, posixSpawn, waitpid } from './ffi/process.ts';

export type SpawnOptions = {
  /** An absolute path. */
  readonly file: string;
  /** Without the program's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The child's descriptors 0, 1, 2, ...; it has no others. Numbers must be higher than the count of them. */
  readonly fds: readonly number[];
};

/** Starts a program and returns its pid, which stays taken until reapProcess(); ENOENT if there is no such file. */
export const spawnProcess = ({ file, args, env, fds }: SpawnOptions): number =>
  posixSpawn(`start ${file}`, {
    path: file,
    argv: [file, ...args],
    envp: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    fds,
  });

/** How often to look for the end of a child whose descriptors are closed: it is a matter of microseconds. */
const REAP_RETRY_MS = 1;
const REAP_RETRY_MS_MAX = 100;

/** The exit code of a child that has closed its descriptors, 128 + signal where one ended it. Call once. */
export const reapProcess = async (pid: number): Promise<number> => {
  for (let retryMs = REAP_RETRY_MS; ; retryMs = Math.min(2 * retryMs, REAP_RETRY_MS_MAX)) {
    const status = waitpid(`wait for process ${pid}`, pid);
    if (status !== undefined) return exitCodeOf(status);
    await delay(retryMs);
  }
};

/** The macros of sys/wait.h. */
const exitCodeOf = (status: number): number => {
  const signal = status & 0x7f;
  return signal === 0 ? (status >> 8) & 0xff : 128 + signal;
};

/** A pipe that a child writes to. */
export type ReadablePipe = { readonly stream: Readable; readonly childFd: number };

/** A pipe that a child reads from. */
export type WritablePipe = { readonly stream: Writable; readonly childFd: number };

/**
 * A pipe from a child. Not a socket pair, as Node would make: a program that opens /dev/stdout gets ENXIO from a socket.
 * Close `childFd` once the child has started, else the stream never ends.
 */
export const openReadablePipe = (): ReadablePipe => {
  const [readFd, childFd] = pipe('open a pipe');
  return { stream: new Socket({ fd: readFd, readable: true, writable: false }), childFd };
};

/** A pipe to a child, the other way round. */
export const openWritablePipe = (): WritablePipe => {
  const [childFd, writeFd] = pipe('open a pipe');
  const stream = new Socket({ fd: writeFd, readable: false, writable: true });
  return { stream, childFd };
};

/** /dev/null, for a stream that a child does without. */
export const openNull = (): number => openFile('/dev/null');

/** A file for a child to read and write. */
export const openFile = (path: string): number => openDescriptor(`open ${path}`, path);

export const closeAll = (fds: readonly number[]): void => {
  for (const fd of new Set(fds)) closeDescriptor(fd);
};
