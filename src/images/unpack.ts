// Unpacks an image's layers into one folder: the file system that its containers see below their own writes.
// Whiteouts as in the image-spec's layer.md: `.wh.NAME` deletes NAME, `.wh..wh..opq` empties its folder.
import {
  closeSync,
  constants,
  linkSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeSync,
  chmodSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { ImageError } from './image-error.ts';
import { resolveScopedParent } from './scoped-path.ts';
import { type TarEntry, type TarHeader, readTar } from './tar.ts';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/** Applies one layer, an uncompressed tar, to the tree below `root`; nothing is written outside of it. */
export const unpackLayer = async (tar: Readable, root: string): Promise<void> => {
  const written = new Set<string>();
  const folders = new Map<string, TarHeader>();
  for await (const entry of readTar(tar)) await unpackEntry({ entry, root, written, folders });
  // last, for whatever is made inside a folder changes its time
  for (const [path, header] of folders) if (isStillFolder(path, root, header)) setTimes(path, header);
};

/** A later entry may have put a link in the place of the folder, or of one above it. */
const isStillFolder = (path: string, root: string, { name }: TarHeader): boolean =>
  targetOf(root, name) === path && isFolder(path);

type Target = {
  readonly entry: TarEntry;
  readonly root: string;
  /** Paths of this layer: an opaque whiteout spares them, wherever in the layer it comes. */
  readonly written: Set<string>;
  readonly folders: Map<string, TarHeader>;
};

const unpackEntry = async ({ entry, root, written, folders }: Target): Promise<void> => {
  const { header } = entry;
  const path = targetOf(root, header.name);
  const name = basename(header.name);
  if (name === OPAQUE) emptyFolder(dirname(path), written);
  else if (name.startsWith(WHITEOUT)) remove(join(dirname(path), name.slice(WHITEOUT.length)), root);
  else {
    if (path === root && header.type !== 'directory')
      throw new ImageError('BAD_IMAGE', `a layer puts a ${header.type} in the place of its root folder`);
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    markWritten(path, root, written);
    await writeEntry(entry, path, root);
    if (header.type === 'directory') folders.set(path, header);
  }
};

const targetOf = (root: string, name: string): string => {
  if (name.split('/').includes('..'))
    throw new ImageError('BAD_IMAGE', `a layer holds the path ${JSON.stringify(name)}`);
  return resolveScopedParent(root, name);
};

const markWritten = (path: string, root: string, written: Set<string>): void => {
  for (let at = path; at.length > root.length; at = dirname(at)) written.add(at);
};

const emptyFolder = (folder: string, written: ReadonlySet<string>): void => {
  if (!isFolder(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!written.has(path)) rmSync(path, { recursive: true, force: true });
    else emptyFolder(path, written);
  }
};

/** The name of a whiteout is one part of a path, and not `.` or `..`. */
const remove = (path: string, root: string): void => {
  if (path === root || dirname(path).length < root.length)
    throw new ImageError('BAD_IMAGE', 'a whiteout leads out of the image');
  rmSync(path, { recursive: true, force: true });
};

/** Devices and FIFOs are left out: /dev is a file system of its own in every container. */
const writeEntry = async (entry: TarEntry, path: string, root: string): Promise<void> => {
  const { header } = entry;
  if (header.type === 'directory') makeFolder(path, header);
  else if (header.type === 'symlink') makeSymbolicLink(path, header);
  else if (header.type === 'link') makeHardLink(root, header.linkname, path);
  else if (header.type === 'file' || header.type === 'contiguous-file') await writeFile(entry, path);
};

const makeSymbolicLink = (path: string, header: TarHeader): void => {
  makeRoom(path);
  symlinkSync(header.linkname, path);
  lchownSync(path, header.uid, header.gid);
  setTimes(path, header);
};

const makeFolder = (path: string, header: TarHeader): void => {
  if (!isFolder(path)) {
    makeRoom(path);
    mkdirSync(path);
  }
  setOwner(path, header);
};

const isFolder = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const makeRoom = (path: string): void => rmSync(path, { recursive: true, force: true });

/** Both ends are inside the tree: a link to a file of the machine would give it away. */
const makeHardLink = (root: string, linkname: string, path: string): void => {
  const source = targetOf(root, linkname);
  if (!lstatSync(source, { throwIfNoEntry: false })?.isFile())
    throw new ImageError(
      'BAD_IMAGE',
      `a layer links to ${JSON.stringify(linkname)}, which is no file of the image`,
    );
  if (source === path) return;
  makeRoom(path);
  linkSync(source, path);
};

const writeFile = async (entry: TarEntry, path: string): Promise<void> => {
  makeRoom(path);
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600);
  try {
    for await (const chunk of entry.content) writeSync(fd, chunk);
  } finally {
    closeSync(fd);
  }
  setOwner(path, entry.header);
  setTimes(path, entry.header);
};

/** The owner first: a change of owner clears the set-user-id bit. */
const setOwner = (path: string, { mode, uid, gid }: TarHeader): void => {
  lchownSync(path, uid, gid);
  chmodSync(path, mode & 0o7777);
};

const setTimes = (path: string, { mtime }: TarHeader): void => {
  if (lstatSync(path, { throwIfNoEntry: false })) lutimesSync(path, mtime, mtime);
};
