// What a pod's containers share besides its network: System V and POSIX IPC, and /dev/shm. Kept without a process, in a
// folder that a reboot empties as it ends the namespace.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createIpcNamespace, deleteIpcNamespace } from '../../kernel/ipc-namespace.ts';
import { mountTmpfs, unmountTmpfs } from '../../kernel/tmpfs.ts';

export type PodIpc = {
  /** The namespace, as a file. */
  readonly namespace: string;
  /** What is /dev/shm in all containers. */
  readonly shm: string;
};

/** containerd's and Docker's size of /dev/shm. */
const SHM_BYTES = 64 << 20;

export const podIpcIn = (folder: string): PodIpc => ({
  namespace: join(folder, 'ipc'),
  shm: join(folder, 'shm'),
});

/** `setSysctls` runs inside of the namespace. */
export const createPodIpc = (folder: string, setSysctls: () => void): void => {
  const { namespace, shm } = podIpcIn(folder);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  mountTmpfs(shm, { sizeBytes: SHM_BYTES, mode: '1777', noexec: true });
  createIpcNamespace(namespace, setSysctls);
};

/** Idempotent. */
export const removePodIpc = (folder: string): void => {
  const { namespace, shm } = podIpcIn(folder);
  deleteIpcNamespace(namespace);
  unmountTmpfs(shm);
  rmSync(folder, { recursive: true, force: true });
};
