// The OCI image format, as far as it is read and written here. https://github.com/opencontainers/image-spec
// Parsed at the border: what comes out of here has the types it says.
import { createHash } from 'node:crypto';
import { ImageError } from './image-error.ts';

export const MEDIA = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

/** Where an index says what a manifest is called: containerd's key, which holds the full name. */
export const NAME_ANNOTATION = 'io.containerd.image.name';
/** The specification's own key, often only a tag. */
export const REF_NAME_ANNOTATION = 'org.opencontainers.image.ref.name';

/** `sha256:` and 64 hexadecimal digits. */
export type Digest = string;

export type Descriptor = {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly os: string; readonly architecture: string };
};

export type Index = {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
};

export type Manifest = {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
};

export type ImageConfig = {
  readonly architecture: string;
  readonly os: string;
  readonly created?: string;
  readonly config: {
    readonly User?: string;
    readonly Env?: readonly string[];
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly WorkingDir?: string;
    readonly StopSignal?: string;
    readonly ExposedPorts?: Readonly<Record<string, object>>;
    readonly Labels?: Readonly<Record<string, string>>;
  };
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly Digest[] };
};

export const digestOf = (bytes: Uint8Array | string): Digest =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** The part after `sha256:`; throws for anything else: digests become file names. */
export const hexOf = (digest: Digest): string => {
  const hex = /^sha256:([a-f0-9]{64})$/.exec(digest)?.[1];
  if (!hex) throw new ImageError('BAD_IMAGE', `unsupported digest ${JSON.stringify(digest)}: only sha256 is`);
  return hex;
};

/** The id of the file system that the layers make, one on the other: image-spec config.md, "Layer ChainID". */
export const chainIdOf = (diffIds: readonly Digest[]): Digest =>
  diffIds.length === 0 ? digestOf('') : diffIds.reduce((chain, diffId) => digestOf(`${chain} ${diffId}`));

export const parseIndex = (bytes: Uint8Array): Index => {
  const { manifests } = parseObject(bytes, 'index');
  return {
    schemaVersion: 2,
    mediaType: MEDIA.index,
    manifests: listOf(manifests, 'index').map(parseDescriptor),
  };
};

export const parseManifest = (bytes: Uint8Array): Manifest => {
  const { config, layers, mediaType } = parseObject(bytes, 'manifest');
  return {
    schemaVersion: 2,
    mediaType: typeof mediaType === 'string' ? mediaType : MEDIA.manifest,
    config: parseDescriptor(config),
    layers: listOf(layers, 'manifest').map(parseDescriptor),
  };
};

export const parseConfig = (bytes: Uint8Array): ImageConfig => {
  const { architecture, os, created, config, rootfs } = parseObject(bytes, 'config');
  const diffIds = listOf((rootfs as { diff_ids?: unknown } | undefined)?.diff_ids, 'config').map(String);
  diffIds.forEach(hexOf);
  return {
    architecture: String(architecture),
    os: String(os),
    ...(typeof created === 'string' ? { created } : {}),
    config: parseProcess((config ?? {}) as Record<string, unknown>),
    rootfs: { type: 'layers', diff_ids: diffIds },
  };
};

const parseDescriptor = (value: unknown): Descriptor => {
  const { digest, mediaType, size } = (value ?? {}) as Partial<Descriptor>;
  if (typeof digest !== 'string') throw malformed('descriptor');
  hexOf(digest);
  return { ...(value as Descriptor), digest, mediaType: String(mediaType), size: Number(size) };
};

const parseProcess = (value: Record<string, unknown>): ImageConfig['config'] => {
  const text = (key: string): object => (typeof value[key] === 'string' ? { [key]: value[key] } : {});
  const texts = (key: string): object => (Array.isArray(value[key]) ? { [key]: value[key].map(String) } : {});
  const map = (key: string): object => (isObject(value[key]) ? { [key]: value[key] } : {});
  return {
    ...['User', 'WorkingDir', 'StopSignal'].reduce((all, key) => ({ ...all, ...text(key) }), {}),
    ...['Env', 'Entrypoint', 'Cmd'].reduce((all, key) => ({ ...all, ...texts(key) }), {}),
    ...['ExposedPorts', 'Labels'].reduce((all, key) => ({ ...all, ...map(key) }), {}),
  };
};

const parseObject = (bytes: Uint8Array, what: string): Record<string, unknown> => {
  const value = parseJson(bytes, what);
  if (!isObject(value)) throw malformed(what);
  return value;
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parseJson = (bytes: Uint8Array, what: string): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw malformed(what, error);
  }
};

const listOf = (value: unknown, what: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw malformed(what);
  return value;
};

const malformed = (what: string, cause?: unknown): ImageError =>
  new ImageError('BAD_IMAGE', `the image's ${what} is malformed`, { cause });
