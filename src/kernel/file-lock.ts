// A lock between processes and threads that ends with its holder, also after kill -9, and that needs no event loop.
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { lockExclusively } from './ffi/libc.ts';

/** Runs `work` while nobody else holds the lock of the file, which is made if it is not there; waits for its turn. */
export const withExclusiveFile = <T>(path: string, work: () => T): T => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const fd = openSync(path, 'a', 0o600);
  try {
    lockExclusively(`lock ${path}`, fd);
    return work();
  } finally {
    closeSync(fd);
  }
};
