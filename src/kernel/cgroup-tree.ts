// A cgroup with all that is below it, in every hierarchy that the machine mounts: the unified one (v2), or one for
// each controller (v1), or both (hybrid).
import { readFileSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { listMounts } from './mount-table.ts';

/** The folders of the cgroup named by its path (`/podnet/NAME`), one a hierarchy, whether they are there or not. */
export const cgroupFolders = (path: string): readonly string[] =>
  listMounts()
    .filter(({ type }) => type === 'cgroup' || type === 'cgroup2')
    .map(({ target }) => join(target, path));

/** The pids in the cgroup and below. */
export const processesInCgroup = (path: string): readonly number[] => [
  ...new Set(cgroupFolders(path).flatMap(treeOf).flatMap(readProcesses)),
];

/** Removes the cgroup and all below it, where no process is left in them. Idempotent. */
export const removeCgroup = (path: string): void => {
  for (const folder of cgroupFolders(path)) for (const part of treeOf(folder)) removeFolder(part);
};

/** Children before their parents. */
const treeOf = (folder: string): readonly string[] => {
  try {
    const children = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...children.flatMap(({ name }) => treeOf(join(folder, name))), folder];
  } catch {
    return []; // not there
  }
};

const readProcesses = (folder: string): readonly number[] => {
  try {
    return readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return []; // gone since, or a threaded cgroup
  }
};

const removeFolder = (folder: string): void => {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'EBUSY' && code !== 'ENOTEMPTY') throw error;
  }
};
