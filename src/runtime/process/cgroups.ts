// cgroups as far as the runtime handles them itself: crun makes each container's, podnet removes what holds them.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unifiedCgroupRoot } from '../../kernel/unified-cgroup.ts';

export const CGROUP_ROOT = '/sys/fs/cgroup';
const HYBRID = join(CGROUP_ROOT, 'unified');

export type Cgroups = {
  /** False where nobody may make cgroups, as inside many containers: then there are no limits. */
  readonly isWritable: boolean;
  /** The mount point that crun must not see, or undefined: decision 0002. */
  readonly hiddenMount: string | undefined;
};

/** Looks at the machine; makes and keeps the cgroup `path` if it can. */
export const inspectCgroups = (path: string): Cgroups => ({
  isWritable: canMake(path),
  hiddenMount: hasControllersInHybridMount() ? HYBRID : undefined,
});

const canMake = (path: string): boolean => {
  try {
    for (const root of hierarchies()) mkdirSync(join(root, path), { recursive: true });
    return hierarchies().length > 0;
  } catch {
    return false;
  }
};

/** crun refuses a second hierarchy, of version 2, that has controllers ("cgroups in hybrid mode not supported"). */
const hasControllersInHybridMount = (): boolean => {
  try {
    return readFileSync(join(HYBRID, 'cgroup.controllers'), 'utf8').trim() !== '';
  } catch {
    return false;
  }
};

/** One mount for version 2, one for each controller for version 1. */
const hierarchies = (): readonly string[] => {
  if (isVersion2()) return [CGROUP_ROOT];
  return list(CGROUP_ROOT)
    .map((name) => join(CGROUP_ROOT, name))
    .filter((folder) => folder !== HYBRID && existsSync(join(folder, 'cgroup.procs')));
};

export const isVersion2 = (): boolean => unifiedCgroupRoot() === CGROUP_ROOT;

/**
 * The folder of `path` in the hierarchy of version 2 where crun does not put containers there, made if need be: beside
 * hierarchies of version 1 it leaves that one alone. Undefined where crun does, or where there is no such hierarchy.
 */
export const makeUnified = (path: string): string | undefined => {
  const root = unifiedCgroupRoot();
  if (root === undefined || root === CGROUP_ROOT) return undefined;
  const folder = join(root, path);
  mkdirSync(folder, { recursive: true });
  return folder;
};

/** Those of hierarchies(), and the one of version 2 beside them. */
const allHierarchies = (): readonly string[] => [
  ...new Set([...hierarchies(), unifiedCgroupRoot() ?? CGROUP_ROOT]),
];

/** The processes in a cgroup and below it, in all hierarchies. */
export const processesIn = (path: string): readonly number[] => {
  const pids = allHierarchies().flatMap((root) => folders(join(root, path)).flatMap(readProcs));
  return [...new Set(pids)];
};

/** Removes a cgroup and all below it, deepest first; what still has processes stays. */
export const removeCgroups = (path: string): void => {
  for (const root of allHierarchies())
    for (const folder of folders(join(root, path)).toReversed()) removeFolder(folder);
};

/** Removes the cgroups above a path in which there is nothing any more. */
export const removeEmptyParents = (path: string): void => {
  for (let parent = dirname(path); parent !== '/'; parent = dirname(parent))
    for (const root of allHierarchies()) removeFolder(join(root, parent));
};

const removeFolder = (folder: string): void => {
  try {
    rmdirSync(folder);
  } catch {
    // ENOENT: gone already; EBUSY: others are in it
  }
};

/** A folder and all below it, parents first. */
const folders = (folder: string): readonly string[] =>
  existsSync(folder) ? [folder, ...subfolders(folder).flatMap(folders)] : [];

const subfolders = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name));
  } catch {
    return [];
  }
};

const readProcs = (folder: string): readonly number[] => {
  try {
    return readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

const list = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};
