// IPC namespaces without a process in them: a file with the namespace mounted on it.
import { closeSync, openSync, rmSync } from 'node:fs';
import { CLONE_NEWIPC, unshare } from './ffi/libc.ts';
import { isKernelError } from './kernel-error.ts';
import { bindMount, unmount } from './mount.ts';
import { comingBack, ownNamespace } from './thread-namespace.ts';

/** Makes a namespace and keeps it in the file `path`, which must not exist. `prepare` runs inside: sysctls. */
export const createIpcNamespace = (path: string, prepare: () => void): void => {
  closeSync(openSync(path, 'wx', 0o444));
  comingBack('ipc', () => {
    unshare(`create IPC namespace ${path}`, CLONE_NEWIPC);
    bindMount(ownNamespace('ipc'), path);
    prepare();
  });
};

/** The namespace itself lives on while a process is in it. Idempotent. */
export const deleteIpcNamespace = (path: string): void => {
  try {
    unmount(path, { detach: true });
  } catch (error) {
    if (!isKernelError(error, 'ENOENT', 'EINVAL')) throw error; // no such file, or nothing mounted on it
  }
  rmSync(path, { force: true });
};
