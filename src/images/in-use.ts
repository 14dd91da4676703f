// Whether containers run from an unpacked tree: each has it as the lower folder of an overlay in its mount namespace.
import { readFileSync, readdirSync } from 'node:fs';

/** Looks through the mounts of all processes: for the rare moment in which an image is removed. */
export const isTreeInUse = (tree: string): boolean => {
  const option = `lowerdir=${tree},`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => mountsOf(pid).includes(option));
};

const mountsOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/mounts`, 'utf8');
  } catch {
    return ''; // ended meanwhile
  }
};
