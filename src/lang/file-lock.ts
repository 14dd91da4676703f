// A lock between processes: a file that only one of them can make. kubectl guards its kubeconfig in the same way.
import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const RETRY_MS = 20;

export type FileLockOptions = {
  readonly waitMs: number;
  /** A lock older than this was left by a process that died. */
  readonly staleMs: number;
};

/** Runs `work` while holding the lock file `path`; throws when it stays taken for longer than `waitMs`. */
export const withFileLock = async <T>(
  path: string,
  options: FileLockOptions,
  work: () => T | Promise<T>,
): Promise<T> => {
  await acquire(path, options);
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
};

const acquire = async (path: string, { waitMs, staleMs }: FileLockOptions): Promise<void> => {
  const deadline = Date.now() + waitMs;
  for (;;) {
    try {
      return closeSync(openSync(path, 'wx', 0o600));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (isOlderThan(path, staleMs)) rmSync(path, { force: true });
      else if (Date.now() > deadline) {
        throw new Error(`${path} is locked: remove it if no other program is at work there`, {
          cause: error,
        });
      } else await delay(RETRY_MS);
    }
  }
};

const isOlderThan = (path: string, ms: number): boolean => {
  try {
    return Date.now() - statSync(path).mtimeMs > ms;
  } catch {
    return false;
  }
};
