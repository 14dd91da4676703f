// Paths inside an image's tree, resolved as a process whose root directory it is would see them: no `..` and no symbolic
// link leads out of it. As github.com/cyphar/filepath-securejoin does; the tree has no other writer meanwhile.
import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ImageError } from './image-error.ts';

const MAX_LINKS = 255;

/** Where `path` is below `root` on the machine; every part is followed, missing parts are taken as they are. */
export const resolveScoped = (root: string, path: string): string => {
  const waiting = parts(path).reverse();
  let resolved: string[] = [];
  for (let links = 0; waiting.length > 0;) {
    const part = waiting.pop()!;
    if (part === '..') resolved.pop();
    else {
      const target = linkTarget(join(root, ...resolved, part));
      if (target === undefined) resolved.push(part);
      else {
        if (++links > MAX_LINKS) throw new ImageError('BAD_IMAGE', `${path}: too many symbolic links`);
        if (target.startsWith('/')) resolved = [];
        waiting.push(...parts(target).reverse());
      }
    }
  }
  return join(root, ...resolved);
};

/** Like resolveScoped(), but a symbolic link at the end of the path is not followed. */
export const resolveScopedParent = (root: string, path: string): string => {
  const all = parts(path);
  const last = all.pop();
  if (last === undefined) return root;
  if (last === '..') throw new ImageError('BAD_IMAGE', `${path}: ends with ..`);
  return join(resolveScoped(root, all.join('/')), last);
};

const parts = (path: string): string[] => {
  if (path.includes('\0')) throw new ImageError('BAD_IMAGE', 'a path holds a zero byte');
  return path.split('/').filter((part) => part !== '' && part !== '.');
};

const linkTarget = (path: string): string | undefined => {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();
  return isLink ? readlinkSync(path) : undefined;
};
