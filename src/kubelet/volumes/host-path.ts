// hostPath volumes: the check of their type (pkg/volume/hostpath/host_path.go).
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import type { HostPathVolumeSource } from '../../k8s/generated/types.ts';

type Check = { readonly what: string; readonly holds: (stats: Stats) => boolean };

const CHECKS: Readonly<Record<string, Check>> = {
  Directory: { what: 'directory', holds: (stats) => stats.isDirectory() },
  DirectoryOrCreate: { what: 'directory', holds: (stats) => stats.isDirectory() },
  File: { what: 'file', holds: (stats) => stats.isFile() },
  FileOrCreate: { what: 'file', holds: (stats) => stats.isFile() },
  Socket: { what: 'socket file', holds: (stats) => stats.isSocket() },
  CharDevice: { what: 'character device', holds: (stats) => stats.isCharacterDevice() },
  BlockDevice: { what: 'block device', holds: (stats) => stats.isBlockDevice() },
};

/** Creates what may be created; throws when the path is not what the type says. */
export const prepareHostPath = ({ path, type = '' }: HostPathVolumeSource): void => {
  // Runtimes have always made the missing folders of paths without a type.
  if (type === '' || type === 'DirectoryOrCreate') makeFolder(path);
  if (type === '') return;
  if (type === 'FileOrCreate') closeSync(openSync(path, 'a', 0o644));
  const check = CHECKS[type];
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!check || !stats || !check.holds(stats))
    throw new Error(`hostPath type check failed: ${path} is not a ${check?.what ?? type}`);
};

const makeFolder = (path: string): void => {
  if (!statSync(path, { throwIfNoEntry: false })) mkdirSync(path, { recursive: true, mode: 0o755 });
};
