// An image as people pass it on: a folder in the OCI layout, a tar of one, or what `docker save` writes. Everything is
// brought into one form: manifests whose blobs lie in a staging folder, digests checked.
import { createWriteStream, existsSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  openDecompressed,
  openFile,
  readDocument,
  readDocumentBlob,
  writeBlob,
  writeJsonBlob,
} from './blobs.ts';
import { ImageError } from './image-error.ts';
import {
  type Descriptor,
  type Digest,
  MEDIA,
  NAME_ANNOTATION,
  REF_NAME_ANNOTATION,
  hexOf,
  parseConfig,
  parseIndex,
  parseManifest,
} from './oci.ts';
import { parseReference } from './reference.ts';
import { resolveScoped, resolveScopedParent } from './scoped-path.ts';
import { type TarEntry, readTar } from './tar.ts';

export type StagedImage = {
  readonly manifest: Descriptor;
  /** In full; an archive without names is called after its file. */
  readonly names: readonly string[];
};

/** Brings the images of `path`, a folder or an archive, into the staging folder. */
export const stageImages = async (path: string, staging: string): Promise<readonly StagedImage[]> => {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new ImageError('NOT_FOUND', `${path}: no such file or folder`);
  const fallbackName = nameOfFile(path);
  if (stat.isDirectory()) return stageFolder(path, staging, fallbackName);
  const unpacked = join(staging, 'archive');
  await unpackArchive(path, unpacked);
  return stageFolder(unpacked, staging, fallbackName);
};

/** `docker save` writes both forms since version 25: then the OCI layout is the exact one, but has no full names. */
const stageFolder = async (folder: string, staging: string, fallbackName: string): Promise<StagedImage[]> => {
  if (existsSync(join(folder, 'manifest.json'))) return stageDockerArchive(folder, staging, fallbackName);
  if (existsSync(join(folder, 'index.json'))) return stageLayout(folder, staging, fallbackName);
  throw new ImageError(
    'BAD_IMAGE',
    'neither an OCI layout (index.json) nor a docker archive (manifest.json)',
  );
};

const unpackArchive = async (path: string, folder: string): Promise<void> => {
  mkdirSync(folder, { recursive: true });
  for await (const entry of readTar(openDecompressed(path))) await writeFile(entry, folder);
};

/** Only files matter: an archive's links are old docker's way to name one layer twice, and none has been seen since. */
const writeFile = async (entry: TarEntry, folder: string): Promise<void> => {
  if (entry.header.type !== 'file') return;
  if (entry.header.name.split('/').includes('..'))
    throw new ImageError('BAD_IMAGE', `the archive holds the path ${JSON.stringify(entry.header.name)}`);
  const target = resolveScopedParent(folder, entry.header.name);
  mkdirSync(dirname(target), { recursive: true });
  await pipeline(entry.content, createWriteStream(target, { flags: 'wx' }));
};

/** A file of a foreign folder: inside of it, regular, links followed within. */
const fileIn = (folder: string, name: string): string => {
  const path = resolveScoped(folder, name);
  if (!lstatSync(path, { throwIfNoEntry: false })?.isFile())
    throw new ImageError('BAD_IMAGE', `${name} is missing from the image`);
  return path;
};

const blobIn = (folder: string, digest: Digest): string => fileIn(folder, `blobs/sha256/${hexOf(digest)}`);

const stageLayout = async (folder: string, staging: string, fallbackName: string): Promise<StagedImage[]> => {
  const index = parseIndex(readDocument(fileIn(folder, 'index.json'), 'index.json'));
  const staged: StagedImage[] = [];
  for (const descriptor of index.manifests) {
    const manifest = forThisMachine(folder, descriptor);
    if (!manifest) continue;
    await stageManifest(folder, staging, manifest);
    staged.push({ manifest, names: [nameOf(descriptor, fallbackName)] });
  }
  if (staged.length === 0)
    throw new ImageError('BAD_IMAGE', `the layout holds no image for linux/${architecture()}`);
  return staged;
};

/** The manifest itself, or the one for this machine from an index of several platforms. */
const forThisMachine = (folder: string, descriptor: Descriptor): Descriptor | undefined => {
  if (!isIndex(descriptor)) return descriptor;
  const { manifests } = parseIndex(readDocumentBlob(blobIn(folder, descriptor.digest), descriptor.digest));
  return manifests.find(
    ({ platform, mediaType }) =>
      mediaType !== MEDIA.index &&
      (!platform || (platform.os === 'linux' && platform.architecture === architecture())),
  );
};

const isIndex = ({ mediaType }: Descriptor): boolean =>
  mediaType === MEDIA.index || mediaType === 'application/vnd.docker.distribution.manifest.list.v2+json';

/** As OCI names processors: Go's GOARCH. */
export const architecture = (): string => (process.arch === 'x64' ? 'amd64' : process.arch);

const stageManifest = async (folder: string, staging: string, { digest }: Descriptor): Promise<void> => {
  const manifest = parseManifest(readDocumentBlob(blobIn(folder, digest), digest));
  for (const blob of [digest, manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)])
    await writeBlob(staging, openFile(blobIn(folder, blob)), blob);
};

const stageDockerArchive = async (
  folder: string,
  staging: string,
  fallbackName: string,
): Promise<StagedImage[]> => {
  const images = JSON.parse(
    readDocument(fileIn(folder, 'manifest.json'), 'manifest.json').toString(),
  ) as unknown;
  if (!Array.isArray(images)) throw new ImageError('BAD_IMAGE', 'manifest.json is malformed');
  const staged: StagedImage[] = [];
  for (const image of images as readonly DockerImage[])
    staged.push(await stageDockerImage(folder, staging, image, fallbackName));
  return staged;
};

type DockerImage = {
  readonly Config?: string;
  readonly RepoTags?: readonly string[] | null;
  readonly Layers?: readonly string[];
};

const stageDockerImage = async (
  folder: string,
  staging: string,
  { Config = '', RepoTags, Layers = [] }: DockerImage,
  fallbackName: string,
): Promise<StagedImage> => {
  const stage = async (name: string, mediaType: string): Promise<Descriptor> => ({
    mediaType,
    ...(await writeBlob(staging, openFile(fileIn(folder, name)))),
  });
  const configFile = readDocument(fileIn(folder, Config), Config);
  const { rootfs } = parseConfig(configFile);
  if (rootfs.diff_ids.length !== Layers.length)
    throw new ImageError(
      'BAD_IMAGE',
      `${Config} names ${rootfs.diff_ids.length} layers, manifest.json ${Layers.length}`,
    );
  const layers: Descriptor[] = [];
  for (const layer of Layers) layers.push(await stage(layer, MEDIA.layer));
  const config = await stage(Config, MEDIA.config);
  const manifest = await writeJsonBlob(staging, MEDIA.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config,
    layers,
  });
  const names = (RepoTags ?? []).map((name) => parseReference(name).name);
  return { manifest, names: names.length > 0 ? names : [fallbackName] };
};

/** containerd's annotation holds the full name; the specification's holds one, or just a tag. */
const nameOf = ({ annotations = {} }: Descriptor, fallbackName: string): string => {
  const full = annotations[NAME_ANNOTATION];
  const ref = annotations[REF_NAME_ANNOTATION];
  if (full) return parseReference(full).name;
  if (ref && /[/:]/.test(ref)) return parseReference(ref).name;
  return ref ? parseReference(`${fallbackName.replace(/:[^:/]*$/, '')}:${ref}`).name : fallbackName;
};

/** `my-app_1.0.tar.gz` -> `docker.io/library/my-app_1.0:latest`. */
const nameOfFile = (path: string): string => {
  const stem = basename(path).replace(/\.(tar|tgz|tar\.gz|tar\.zst|oci)$/, '');
  try {
    return parseReference(stem.toLowerCase()).name;
  } catch {
    return parseReference('loaded').name;
  }
};
