// Small images for tests: OCI layouts (github.com/opencontainers/image-spec/blob/main/image-layout.md) made of a few files.
import { buffer } from 'node:stream/consumers';
import { architecture } from '../../src/images/archive.ts';
import { MEDIA, digestOf } from '../../src/images/oci.ts';
import { type NewEntry, writeTar } from '../../src/images/tar.ts';

const owner = { uid: process.getuid!(), gid: process.getgid!(), mtime: new Date(0) };

/** A tar archive of plain files. */
export const tarOf = (files: Readonly<Record<string, string | Uint8Array>>): Promise<Buffer> =>
  buffer(
    writeTar(
      Object.entries(files).map(([name, content]): NewEntry => ({
        ...owner,
        name,
        mode: 0o644,
        content: Buffer.from(content),
      })),
    ),
  );

/** The image's configuration. */
export const configOf = (...layers: readonly Buffer[]): string => configFor(['run'], layers);

const configFor = (command: readonly string[], layers: readonly Buffer[]): string =>
  JSON.stringify({
    architecture: architecture(),
    os: 'linux',
    config: { Cmd: command, Env: ['A=b'] },
    rootfs: { type: 'layers', diff_ids: layers.map(digestOf) },
  });

/** A folder's files by their path. */
export type Blobs = Record<string, Buffer>;

/** An OCI layout with one image, as files; `compress` is applied to the layers. */
export const layoutOf = (options: {
  readonly layers: readonly Buffer[];
  readonly name?: string;
  readonly command?: readonly string[];
  readonly compress?: (layer: Buffer) => Buffer;
}): Blobs => {
  const files: Blobs = { 'oci-layout': Buffer.from('{"imageLayoutVersion":"1.0.0"}') };
  const put = (content: Buffer, mediaType: string): object => {
    files[`blobs/sha256/${digestOf(content).slice(7)}`] = content;
    return { mediaType, digest: digestOf(content), size: content.length };
  };
  const manifest = put(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        config: put(Buffer.from(configFor(options.command ?? ['run'], options.layers)), MEDIA.config),
        layers: options.layers.map((layer) => put(options.compress?.(layer) ?? layer, MEDIA.layer)),
      }),
    ),
    MEDIA.manifest,
  );
  const annotations = options.name ? { 'org.opencontainers.image.ref.name': options.name } : {};
  files['index.json'] = Buffer.from(
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
  return files;
};
