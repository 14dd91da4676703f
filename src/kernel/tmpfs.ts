// File systems in memory, for volumes and /dev/shm.
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isKernelError } from './kernel-error.ts';
import { MS, mount, unmount } from './mount.ts';

export type TmpfsOptions = {
  readonly sizeBytes: number;
  /** Of its root folder, octal as mount(8) takes it. */
  readonly mode: string;
  readonly noexec?: boolean;
};

/** Makes the folder if it is not there; what is mounted there already stays as it is. */
export const mountTmpfs = (path: string, { sizeBytes, mode, noexec = false }: TmpfsOptions): void => {
  mkdirSync(path, { recursive: true });
  if (isMountPoint(path)) return;
  const flags = MS.nosuid | MS.nodev | (noexec ? MS.noexec : 0);
  mount({ source: 'tmpfs', target: path, type: 'tmpfs', flags, data: `size=${sizeBytes},mode=${mode}` });
};

/** Leaves the folder. Idempotent. */
export const unmountTmpfs = (path: string): void => {
  try {
    unmount(path, { detach: true });
  } catch (error) {
    if (!isKernelError(error, 'ENOENT', 'EINVAL')) throw error; // no such folder, or nothing mounted on it
  }
};

const isMountPoint = (path: string): boolean => statSync(path).dev !== statSync(dirname(path)).dev;
