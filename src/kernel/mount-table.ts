// The mounts that the calling process sees, from /proc/self/mounts (fstab(5)'s fields).
import { readFileSync } from 'node:fs';
import { isKernelError } from './kernel-error.ts';
import { unmount } from './mount.ts';

export type MountEntry = { readonly source: string; readonly target: string; readonly type: string };

export const listMounts = (): readonly MountEntry[] => parseMounts(readFileSync('/proc/self/mounts', 'utf8'));

/** Blanks, tabs, newlines and backslashes in names are written as `\040` and the like. */
export const parseMounts = (text: string): readonly MountEntry[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [source, target, type] = line.split(' ').map(unescapeOctal);
      return { source: source!, target: target!, type: type! };
    });

/** Unmounts all that is mounted below the folder, the last first; what is busy goes when its users go. Idempotent. */
export const unmountBelow = (folder: string): void => {
  const targets = listMounts().map(({ target }) => target);
  for (const target of targets.filter((path) => path.startsWith(`${folder}/`)).reverse()) {
    try {
      unmount(target, { detach: true });
    } catch (error) {
      if (!isKernelError(error, 'EINVAL', 'ENOENT')) throw error; // went with another one
    }
  }
};

const unescapeOctal = (field: string): string =>
  field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
