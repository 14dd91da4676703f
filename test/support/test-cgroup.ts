// Cgroups of version 2 for tests: every process of one is to have ended before it is removed.
import { mkdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unifiedCgroupRoot } from '../../src/kernel/unified-cgroup.ts';

/** Why there are none, for a test's `skip`. */
export const noCgroups = unifiedCgroupRoot() === undefined && 'no cgroups of version 2 here';

/** Makes the cgroup `/PARENT/NAME` and returns its folder. */
export const makeCgroup = (path: string): string => {
  const folder = join(unifiedCgroupRoot()!, path);
  mkdirSync(folder, { recursive: true });
  return folder;
};

/** Removes it, and its parent if that is empty. */
export const removeCgroup = (path: string): void => {
  const folder = join(unifiedCgroupRoot()!, path);
  rmdirSync(folder);
  try {
    rmdirSync(dirname(folder));
  } catch {
    // another is in it
  }
};
