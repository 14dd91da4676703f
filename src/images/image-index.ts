// What index.json says: which names there are, and the images behind them.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blobPath, readDocumentBlob } from './blobs.ts';
import {
  type Descriptor,
  type Digest,
  type ImageConfig,
  type Index,
  type Manifest,
  MEDIA,
  NAME_ANNOTATION,
  chainIdOf,
  hexOf,
  parseConfig,
  parseIndex,
  parseManifest,
} from './oci.ts';
import { parseReference } from './reference.ts';

export type Image = {
  /** The digest of its config, as every container runtime has it. */
  readonly id: Digest;
  readonly names: readonly string[];
  readonly manifestDigest: Digest;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  /** Of its layers, as stored. */
  readonly sizeBytes: number;
};

const MIN_ID_LENGTH = 4;

export const readIndex = (folder: string): Index => {
  const path = join(folder, 'index.json');
  if (!existsSync(path)) return { schemaVersion: 2, mediaType: MEDIA.index, manifests: [] };
  return parseIndex(readFileSync(path));
};

export const writeIndex = (folder: string, manifests: readonly Descriptor[]): void => {
  const index: Index = { schemaVersion: 2, mediaType: MEDIA.index, manifests };
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}\n');
  const temporary = join(folder, '.index.json.tmp');
  writeFileSync(temporary, `${JSON.stringify(index, null, 2)}\n`, { flush: true });
  renameSync(temporary, join(folder, 'index.json'));
};

export const imagesOf = (folder: string): Image[] => {
  const byManifest = Map.groupBy(readIndex(folder).manifests, ({ digest }) => digest);
  return [...byManifest.values()].map((descriptors) =>
    imageOf(
      folder,
      descriptors[0]!,
      descriptors.flatMap(({ annotations }) => annotations?.[NAME_ANNOTATION] ?? []),
    ),
  );
};

export const imageOf = (folder: string, { digest }: Descriptor, names: readonly string[]): Image => {
  const manifest = parseManifest(readDocumentBlob(blobPath(folder, digest), digest));
  const id = manifest.config.digest;
  return {
    id,
    names,
    manifestDigest: digest,
    manifest,
    config: parseConfig(readDocumentBlob(blobPath(folder, id), id)),
    sizeBytes: manifest.layers.reduce((sum, { size }) => sum + size, 0),
  };
};

export const findImage = (images: readonly Image[], text: string): Image | undefined => {
  const id = text.replace(/^sha256:/, '');
  const isId = /^[a-f0-9]+$/.test(id) && id.length >= MIN_ID_LENGTH;
  const byId = isId ? images.filter((image) => hexOf(image.id).startsWith(id)) : [];
  if (byId.length === 1) return byId[0];
  if (id.length === 64 && isId) return undefined;
  const { name, digest } = parseReference(text);
  if (!digest) return images.find(({ names }) => names.includes(name));
  return images.find(
    (image) =>
      (image.manifestDigest === digest || image.id === digest) &&
      image.names.some((other) => repositoryOf(other) === repositoryOf(name)),
  );
};

/** Without the tag. */
const repositoryOf = (name: string): string => name.replace(/:[^:/]*$/, '');

export const nameIn = ({ annotations }: Descriptor): string | undefined => annotations?.[NAME_ANNOTATION];

export const treePath = (folder: string, { config }: Image): string =>
  join(folder, 'rootfs', hexOf(chainIdOf(config.rootfs.diff_ids)));

/** An id means all of the image's names. */
export const isNamed = (image: Image, name: string, text: string): boolean =>
  hexOf(image.id).startsWith(text.replace(/^sha256:/, '')) ||
  text.includes('@') ||
  name === parseReference(text).name;
