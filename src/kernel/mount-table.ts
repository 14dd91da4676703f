// The mounts that the calling process sees, from /proc/self/mounts (fstab(5)'s fields).
import { readFileSync } from 'node:fs';
import { isKernelError } from './kernel-error.ts';
import { unmount } from './mount.ts';

/** Unmounts all that is mounted below the folder, the last first; what is busy goes when its users go. Idempotent. */
export const unmountBelow = (folder: string): void => {
  for (const target of mountTargets()
    .filter((path) => path.startsWith(`${folder}/`))
    .reverse()) {
    try {
      unmount(target, { detach: true });
    } catch (error) {
      if (!isKernelError(error, 'EINVAL', 'ENOENT')) throw error; // went with another one
    }
  }
};

/** In the order in which they were mounted. */
const mountTargets = (): readonly string[] =>
  readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => unescapeOctal(line.split(' ')[1]!));

/** Blanks, tabs, newlines and backslashes in names are written as `\040` and the like. */
const unescapeOctal = (field: string): string =>
  field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
