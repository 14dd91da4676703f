// The local store of images: an OCI image layout that podman, skopeo and crane read too, and beside it the unpacked trees.
//
//   FOLDER/index.json                which name is which manifest
//   FOLDER/blobs/sha256/HEX          manifests, configs, layers
//   FOLDER/rootfs/HEX/               the tree of one chain of layers, read-only by agreement: overlayfs' lower folder
//   FOLDER/tmp/PID-HEX/              what is being loaded, renamed into place when it is whole; what is being removed
//
// Readers need no lock: every file is renamed into place. Writers hold .lock while they change what is there.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { withFileLock } from '../lang/file-lock.ts';
import { type StagedImage, stageImages } from './archive.ts';
import { blobPath, moveBlob, openDecompressed, verified } from './blobs.ts';
import { ImageError } from './image-error.ts';
import {
  type Image,
  findImage,
  imageOf,
  imagesOf,
  isNamed,
  nameIn,
  readIndex,
  treePath,
  writeIndex,
} from './image-index.ts';
import { isTreeInUse } from './in-use.ts';
import { NAME_ANNOTATION, hexOf } from './oci.ts';
import { unpackLayer } from './unpack.ts';

export type ImageStore = {
  readonly list: () => readonly Image[];
  /** By name (as people write it), id or beginning of an id; throws ImageError INVALID_NAME. */
  readonly find: (text: string) => Image | undefined;
  /** Loads an OCI layout, OCI archive or docker archive; returns the names of what it held. */
  readonly load: (path: string) => Promise<readonly string[]>;
  /** Adds images whose blobs `stage` wrote to the folder it got. */
  readonly add: (stage: (folder: string) => Promise<readonly StagedImage[]>) => Promise<readonly string[]>;
  /** Removes one name, or all of an id, and what only they needed; returns the names. */
  readonly remove: (text: string) => Promise<readonly string[]>;
  /** The unpacked tree of an image; unpacks it if it is not there. */
  readonly rootfs: (image: Image) => Promise<string>;
};

const LOCK = { waitMs: 60_000, staleMs: 30_000 };

/** Opens the store in `folder`, which need not exist yet. */
export const openImageStore = (folder: string): ImageStore => {
  const readImages = cachedByFile(join(folder, 'index.json'), () => imagesOf(folder));
  const unpacking = new Map<string, Promise<string>>();
  const locked = <T>(work: () => T): Promise<T> => {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    return withFileLock(join(folder, '.lock'), LOCK, work);
  };
  const find = (text: string): Image | undefined => findImage(readImages(), text);
  const add: ImageStore['add'] = (stage) =>
    inStaging(folder, async (staging) => {
      const staged = await stage(staging);
      for (const { manifest } of staged) await unpack(folder, imageOf(staging, manifest, []), staging);
      await locked(() => commit(folder, staging, staged));
      return staged.flatMap(({ names }) => names);
    });
  const rootfs = (image: Image): Promise<string> => {
    const path = treePath(folder, image);
    const work = unpacking.get(path) ?? unpack(folder, image, folder).finally(() => unpacking.delete(path));
    if (!existsSync(path)) unpacking.set(path, work);
    return work;
  };
  return {
    list: readImages,
    find,
    add,
    load: (path) => add((staging) => stageImages(path, staging)),
    remove: (text) => locked(() => removeImage(folder, text)),
    rootfs,
  };
};

/** Repeats `read` only when the file was replaced: a look-up costs one stat. */
const cachedByFile = <T>(path: string, read: () => readonly T[]): (() => readonly T[]) => {
  let seen = '';
  let value: readonly T[] = [];
  return () => {
    const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
    if (!stat) return [];
    const now = `${stat.ino}.${stat.mtimeNs}`;
    if (now !== seen) [seen, value] = [now, read()];
    return value;
  };
};

/** Unpacks an image whose blobs are in `blobs`, unless its tree is there. Of two who do it at once, one's is taken. */
const unpack = async (folder: string, image: Image, blobs: string): Promise<string> => {
  const path = treePath(folder, image);
  if (existsSync(path)) return path;
  return inStaging(folder, async (staging) => {
    const tree = join(staging, 'rootfs');
    mkdirSync(tree, { mode: 0o755 });
    for (const [index, { digest }] of image.manifest.layers.entries()) {
      const diffId = image.config.rootfs.diff_ids[index];
      if (!diffId) throw new ImageError('BAD_IMAGE', 'the image has more layers than its config names');
      await unpackLayer(verified(openDecompressed(blobPath(blobs, digest)), diffId), tree);
    }
    mkdirSync(join(folder, 'rootfs'), { recursive: true });
    putInPlace(tree, path);
    return path;
  });
};

const putInPlace = (tree: string, path: string): void => {
  try {
    renameSync(tree, path);
  } catch (error) {
    if (!existsSync(path)) throw error; // else another one was first
  }
};

/** Runs `work` with a folder on the store's file system that is gone afterwards. */
const inStaging = async <T>(folder: string, work: (staging: string) => Promise<T>): Promise<T> => {
  removeAbandoned(join(folder, 'tmp'));
  const staging = stagingPath(folder);
  mkdirSync(staging);
  try {
    return await work(staging);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
};

/** A new path in `tmp`, which is made. */
const stagingPath = (folder: string): string => {
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  return join(folder, 'tmp', `${process.pid}-${randomBytes(4).toString('hex')}`);
};

/** Staging folders begin with the pid of who works there. */
const removeAbandoned = (folder: string): void => {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder))
    if (!existsSync(`/proc/${name.split('-')[0]}`))
      rmSync(join(folder, name), { recursive: true, force: true });
};

const commit = (folder: string, staging: string, staged: readonly StagedImage[]): void => {
  const added = staged.flatMap(({ manifest, names }) => {
    const { config, layers } = imageOf(staging, manifest, names).manifest;
    for (const { digest } of [...layers, config, manifest]) moveBlob(staging, folder, digest);
    const { mediaType, digest, size } = manifest;
    return names.map((name) => ({ mediaType, digest, size, annotations: { [NAME_ANNOTATION]: name } }));
  });
  const names = new Set(added.map(nameIn));
  const kept = readIndex(folder).manifests.filter((other) => !names.has(nameIn(other)));
  writeIndex(folder, [...kept, ...added]);
  collectGarbage(folder);
};

const removeImage = (folder: string, text: string): readonly string[] => {
  const image = findImage(imagesOf(folder), text);
  if (!image)
    throw new ImageError('NOT_FOUND', `there is no image ${text}: 'podnet image ls' shows what there is`);
  const removed = image.names.filter((name) => isNamed(image, name, text));
  const isLast = removed.length === image.names.length;
  if (isLast && isTreeInUse(treePath(folder, image)))
    throw new ImageError('IN_USE', `image ${text} is in use by running containers: delete their pods first`);
  writeIndex(
    folder,
    readIndex(folder).manifests.filter((other) => !removed.includes(nameIn(other) ?? '')),
  );
  collectGarbage(folder);
  return removed;
};

/** Removes the blobs and trees that no name leads to. A tree that containers still run from stays until next time. */
const collectGarbage = (folder: string): void => {
  const images = imagesOf(folder);
  const blobs = new Set(
    images.flatMap(({ id, manifestDigest, manifest }) =>
      [id, manifestDigest, ...manifest.layers.map(({ digest }) => digest)].map(hexOf),
    ),
  );
  const trees = new Set(images.map((image) => treePath(folder, image)));
  for (const name of listFolder(join(folder, 'blobs/sha256')))
    if (!blobs.has(name)) rmSync(join(folder, 'blobs/sha256', name));
  for (const name of listFolder(join(folder, 'rootfs'))) {
    const tree = join(folder, 'rootfs', name);
    if (!trees.has(tree) && !isTreeInUse(tree)) removeTree(folder, tree);
  }
};

/** Away from its place first: a removal that is cut short must leave no half of a tree there. */
const removeTree = (folder: string, tree: string): void => {
  const doomed = stagingPath(folder);
  renameSync(tree, doomed);
  rmSync(doomed, { recursive: true, force: true });
};

const listFolder = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);
