// Processes found by what they are in, and ended.
import { readdirSync, statSync } from 'node:fs';
import { signalPid } from './process-id.ts';

const POLL_MS = 5;

/** The pids of the processes whose network namespace is one of those behind the paths. O(processes). */
export const processesInNetns = (paths: readonly string[]): readonly number[] => {
  const wanted = new Set(paths.map(inodeOf).filter((inode) => inode !== undefined));
  if (wanted.size === 0) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => wanted.has(inodeOf(`/proc/${pid}/ns/net`) ?? ''))
    .map(Number);
};

/** Kills what `find` finds, again and again until it finds nothing or the time is over. Blocks the thread. */
export const killUntilNone = (find: () => readonly number[], timeoutMs: number): void => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const pids = find().filter((pid) => pid !== process.pid);
    if (pids.length === 0 || Date.now() > deadline) return;
    for (const pid of pids) signalPid(pid, 'SIGKILL');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  }
};

/** Device and inode: what makes two paths the same namespace. */
const inodeOf = (path: string): string | undefined => {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined; // gone since; a zombie has no namespaces
  }
};
