// subPath: a part of a volume. A container that can write to the volume may plant links in it, so the path is
// resolved and must stay inside (CVE-2017-1002101).
import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The host path of `subPath` inside `volume`, made as a folder if it is not there. */
export const resolveSubPath = (volume: string, subPath: string): string => {
  if (subPath.startsWith('/') || subPath.split('/').includes('..'))
    throw new Error(`subPath ${JSON.stringify(subPath)} must be a relative path without '..'`);
  const root = realpathSync(volume);
  let path = root;
  for (const part of subPath.split('/').filter((each) => each !== '' && each !== '.')) {
    path = join(path, part);
    if (!existsSync(path)) mkdirSync(path, { mode: statSync(root).mode & 0o7777 });
    path = realpathSync(path);
    if (path !== root && !path.startsWith(`${root}/`))
      throw new Error(`subPath ${JSON.stringify(subPath)} leads out of the volume`);
  }
  return path;
};
