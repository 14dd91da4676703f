// Writes a volume's files so that a reader sees all of the old ones or all of the new ones
// (kubernetes pkg/volume/util/atomic_writer.go):
//
//   FOLDER/..2026_11_24_23_29_38.1/nginx.conf     the files
//   FOLDER/..data -> ..2026_11_24_23_29_38.1      renamed over the old link: the moment of the change
//   FOLDER/nginx.conf -> ..data/nginx.conf        what containers open
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { VolumeFile } from './volume-files.ts';

const DATA = '..data';

/** Makes the folder hold exactly `files`; returns whether anything changed. */
export const writeFilesAtomically = (
  folder: string,
  files: readonly VolumeFile[],
  owner: { readonly gid?: number | undefined },
): boolean => {
  for (const { path } of files) checkPath(path);
  mkdirSync(folder, { recursive: true });
  const before = currentFolder(folder);
  if (before && holdsExactly(before, files)) return false;
  const fresh = mkdtempSync(
    join(folder, `..${new Date().toISOString().slice(0, 19).replace(/[-T:]/g, '_')}.`),
  );
  chmodSync(fresh, 0o755);
  for (const file of files) writeOne(fresh, file, owner.gid);
  symlinkSync(fresh.slice(folder.length + 1), join(folder, `${DATA}_tmp`));
  renameSync(join(folder, `${DATA}_tmp`), join(folder, DATA));
  linkNames(folder, files);
  if (before) rmSync(before, { recursive: true, force: true });
  return true;
};

/** No absolute path, no `..`: the API server refuses those as well, but a volume must never leave its folder. */
const checkPath = (path: string): void => {
  if (path === '' || path.startsWith('/') || path.split('/').some((part) => part === '..'))
    throw new Error(`invalid path ${JSON.stringify(path)}: must stay inside of the volume`);
};

const writeOne = (folder: string, { path, content, mode }: VolumeFile, gid: number | undefined): void => {
  const target = join(folder, normalize(path));
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  writeFileSync(target, content);
  if (gid !== undefined) chownSync(target, 0, gid);
  chmodSync(target, gid === undefined ? mode : mode | 0o440);
};

const currentFolder = (folder: string): string | undefined => {
  try {
    return join(folder, readlinkSync(join(folder, DATA)));
  } catch {
    return undefined;
  }
};

const holdsExactly = (folder: string, files: readonly VolumeFile[]): boolean => {
  const present = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  if (present.length !== files.length) return false;
  return files.every(({ path, content }) => {
    const target = join(folder, normalize(path));
    return existsSync(target) && Buffer.compare(readFileSync(target), content) === 0;
  });
};

/** The names that containers see, one link for each first part of a path; names that are gone are unlinked. */
const linkNames = (folder: string, files: readonly VolumeFile[]): void => {
  const wanted = new Set(files.map(({ path }) => normalize(path).split('/')[0]!));
  for (const name of readdirSync(folder)) {
    if (!name.startsWith('..') && !wanted.has(name)) rmSync(join(folder, name), { recursive: true });
  }
  for (const name of wanted) {
    const link = join(folder, name);
    if (!lstatSync(link, { throwIfNoEntry: false })) symlinkSync(join(DATA, name), link);
  }
};
