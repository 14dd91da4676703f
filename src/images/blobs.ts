// Blobs: files named by the SHA-256 of what is in them, so that a blob that is there is right.
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform, pipeline as pipe } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { ImageError } from './image-error.ts';
import { type Descriptor, type Digest, digestOf, hexOf } from './oci.ts';

/** Manifests and configs larger than this are refused, as registries do. */
const MAX_DOCUMENT_BYTES = 4 << 20;

export const blobPath = (folder: string, digest: Digest): string =>
  join(folder, 'blobs/sha256', hexOf(digest));

/** Reads a small file of at most 4 MiB whole. */
export const readDocument = (path: string, what: string): Buffer => {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new ImageError('BAD_IMAGE', `${what} is missing`);
  if (size > MAX_DOCUMENT_BYTES)
    throw new ImageError('BAD_IMAGE', `${what} has ${size} bytes: too many for a document of an image`);
  return readFileSync(path);
};

/** Reads a manifest or config and checks its digest. */
export const readDocumentBlob = (path: string, digest: Digest): Buffer => {
  const bytes = readDocument(path, `blob ${digest}`);
  checkDigest(digest, digestOf(bytes));
  return bytes;
};

/** Writes a stream as a blob; refuses any content but `expected`, if given. */
export const writeBlob = async (
  folder: string,
  source: Readable,
  expected?: Digest,
): Promise<Pick<Descriptor, 'digest' | 'size'>> => {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  const temporary = join(folder, 'blobs', `.${randomBytes(8).toString('hex')}.tmp`);
  const meter = createMeter();
  try {
    await pipeline(source, meter.stream, createWriteStream(temporary, { flags: 'wx', flush: true }));
    const { digest, size } = meter.result();
    if (expected !== undefined) checkDigest(expected, digest);
    renameSync(temporary, blobPath(folder, digest));
    return { digest, size };
  } finally {
    rmSync(temporary, { force: true });
  }
};

/** Writes a value as a JSON blob. */
export const writeJsonBlob = async (
  folder: string,
  mediaType: string,
  value: object,
): Promise<Descriptor> => ({
  mediaType,
  ...(await writeBlob(folder, Readable.from([Buffer.from(JSON.stringify(value))]))),
});

/** Moves a blob to another folder of the same file system, unless it is there already. */
export const moveBlob = (from: string, to: string, digest: Digest): void => {
  if (existsSync(blobPath(to, digest))) return;
  mkdirSync(join(to, 'blobs/sha256'), { recursive: true });
  renameSync(blobPath(from, digest), blobPath(to, digest));
};

/** A file's bytes; decompressed if they are gzip (RFC 1952) or zstd (RFC 8878) by their first four bytes. */
export const openDecompressed = (path: string): Readable => {
  const source = openFile(path);
  const magic = firstBytes(path);
  if (magic.readUInt16BE(0) === 0x1f8b) return decompress(source, createGunzip());
  return magic.readUInt32BE(0) === 0x28b5_2ffd ? decompress(source, createZstdDecompress()) : source;
};

/** A regular file, never what a symbolic link points to. */
export const openFile = (path: string): Readable =>
  createReadStream('', { fd: openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW) });

/** Passes a stream on and fails at its end if it was not what `expected` says. */
export const verified = (source: Readable, expected: Digest): Readable => {
  const meter = createMeter();
  const check = new Transform({
    transform: (chunk, _encoding, done) => done(null, chunk),
    flush: (done) => done(mismatchOf(expected, meter.result().digest)),
  });
  return pipe(source, meter.stream, check, () => {}); // an error reaches the reader of the last one
};

const decompress = (source: Readable, decompressor: Transform): Readable =>
  pipe(source, decompressor, () => {});

const firstBytes = (path: string): Buffer => {
  const bytes = Buffer.alloc(4);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, bytes, 0, bytes.length, 0);
  } finally {
    closeSync(fd);
  }
  return bytes;
};

type Meter = {
  readonly stream: Transform;
  /** After the end of the stream. */
  readonly result: () => Pick<Descriptor, 'digest' | 'size'>;
};

const createMeter = (): Meter => {
  const hash = createHash('sha256');
  let size = 0;
  const stream = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, result: () => ({ digest: `sha256:${hash.digest('hex')}`, size }) };
};

const checkDigest = (expected: Digest, actual: Digest): void => {
  const error = mismatchOf(expected, actual);
  if (error) throw error;
};

const mismatchOf = (expected: Digest, actual: Digest): ImageError | null =>
  actual === expected
    ? null
    : new ImageError('BAD_IMAGE', `content does not match its digest: ${actual} instead of ${expected}`);
