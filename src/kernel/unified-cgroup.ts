// The hierarchy of cgroups of version 2, wherever the machine has it: alone, or beside those of version 1 ("hybrid").
import { statfsSync } from 'node:fs';

/** Where systemd and others mount it, in the order of preference. */
const MOUNTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'];
/** linux/magic.h. */
const CGROUP2_MAGIC = 0x6367_7270;

/** Its mount point; undefined where there is none. */
export const unifiedCgroupRoot = (): string | undefined => MOUNTS.find(isUnified);

const isUnified = (path: string): boolean => {
  try {
    return statfsSync(path).type === CGROUP2_MAGIC;
  } catch {
    return false;
  }
};
