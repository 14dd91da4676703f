// tar archives as async iterables. tar-stream brings streams of a kind of its own; they end at this file.
import { Readable } from 'node:stream';
import { type Header, extract, pack } from 'tar-stream';
import { ImageError } from './image-error.ts';

export type TarHeader = Pick<Header, 'name' | 'mode' | 'uid' | 'gid' | 'mtime' | 'type' | 'linkname'>;

export type TarEntry = {
  readonly header: TarHeader;
  /** To be read, if at all, before the next entry is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
};

/** The entries of a tar archive in order; ImageError BAD_IMAGE if it is none, or ends early. */
export async function* readTar(source: Readable): AsyncGenerator<TarEntry> {
  const archive = extract();
  void feed(source, archive);
  try {
    for await (const entry of archive) {
      yield { header: entry.header, content: contentOf(entry as AsyncIterable<Uint8Array>) };
      entry.resume();
    }
  } catch (error) {
    throw badArchive(error);
  } finally {
    source.destroy();
  }
}

async function* contentOf(entry: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* entry;
  } catch (error) {
    throw badArchive(error);
  }
}

const badArchive = (error: unknown): ImageError =>
  error instanceof ImageError
    ? error
    : new ImageError('BAD_IMAGE', `not a tar archive: ${(error as Error).message}`, { cause: error });

type Archive = ReturnType<typeof extract>;

/** Pushes the source into the archive, waiting whenever it is full; an error of the source becomes the archive's. */
const feed = async (source: Readable, archive: Archive): Promise<void> => {
  try {
    for await (const chunk of source) {
      if (archive.destroyed) return;
      if (!archive.write(chunk)) await drained(archive);
    }
    archive.end(undefined);
  } catch (error) {
    archive.destroy(error as Error);
  }
};

const drained = (archive: Archive): Promise<void> =>
  new Promise((resolve) => {
    const resume = (): void => {
      archive.off('drain', resume);
      archive.off('close', resume);
      resolve();
    };
    archive.on('drain', resume);
    archive.on('close', resume);
  });

export type NewEntry = Partial<TarHeader> & { readonly name: string; readonly content?: Uint8Array };

/** A tar archive of the entries. */
export const writeTar = (entries: Iterable<NewEntry>): Readable => {
  const archive = pack();
  const packing = (async () => {
    for (const { content, ...header } of entries) await addEntry(archive, header, content);
    archive.finalize();
  })();
  packing.catch((error: unknown) => archive.destroy(error as Error));
  return Readable.from(archive as unknown as AsyncIterable<Uint8Array>);
};

/** Resolves when the entry has been taken: not before the reader caught up. */
const addEntry = (
  archive: ReturnType<typeof pack>,
  header: Partial<TarHeader> & { readonly name: string },
  content: Uint8Array | undefined,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => (error ? reject(error) : resolve());
    if (content) archive.entry(header, content, done);
    else archive.entry(header, done);
  });
