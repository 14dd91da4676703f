// A lock between processes and threads that ends with its holder, also after kill -9, and that needs no event loop.
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { lockExclusively, tryLockExclusively } from './ffi/libc.ts';

/** Holds the lock of the file, which is made if it is not there, until it is disposed of. Blocks until its turn comes. */
export const lockFile = (path: string): Disposable => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const fd = openSync(path, 'a', 0o600);
  try {
    lockExclusively(`lock ${path}`, fd);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return { [Symbol.dispose]: () => closeSync(fd) };
};

/** The same without waiting: undefined if somebody else holds it. */
export const tryLockFile = (path: string): Disposable | undefined => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const fd = openSync(path, 'a', 0o600);
  if (tryLockExclusively(`lock ${path}`, fd)) return { [Symbol.dispose]: () => closeSync(fd) };
  closeSync(fd);
  return undefined;
};

/** Runs `work`, which does not wait for anything, while nobody else holds the lock. */
export const withExclusiveFile = <T>(path: string, work: () => T extends Promise<unknown> ? never : T): T => {
  using _ = lockFile(path);
  return work();
};
