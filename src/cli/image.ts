// podnet image: the local store of container images.
import { IMAGE_FOLDER } from '../embedded/cluster-files.ts';
import { ImageError } from '../images/image-error.ts';
import type { Image } from '../images/image-index.ts';
import { type ImageStore, openImageStore } from '../images/store.ts';
import { UserError, print, requireRoot, say } from './output.ts';
import { renderTable } from './table.ts';

export const load = async (path: string): Promise<void> => {
  requireRoot('image load');
  const names = await attempt((store) => store.load(path));
  for (const name of names) print(`loaded ${name}`);
};

export const list = async (output: 'table' | 'json'): Promise<void> => {
  const images = await attempt((store) => store.list());
  print(output === 'json' ? renderJson(images) : renderImages(images));
};

export const remove = async (name: string): Promise<void> => {
  requireRoot('image rm');
  const removed = await attempt((store) => store.remove(name));
  for (const each of removed) print(`removed ${each}`);
};

export const build = async (): Promise<void> => {
  requireRoot('image build');
  const { buildImages } = await import('../images/build/build.ts');
  await attempt((store) => buildImages({ store, folder: IMAGE_FOLDER, say }));
};

/** What is wrong with an image is the user's to mend. */
const attempt = async <T>(work: (store: ImageStore) => T | Promise<T>): Promise<T> => {
  try {
    return await work(openImageStore(IMAGE_FOLDER));
  } catch (error) {
    if (error instanceof ImageError) throw new UserError(error.message, { cause: error });
    throw error;
  }
};

const renderImages = (images: readonly Image[]): string =>
  renderTable(
    ['REPOSITORY', 'TAG', 'IMAGE ID', 'SIZE'],
    images.flatMap(({ id, names, sizeBytes }) =>
      names.map((name) => {
        const [, repository = name, tag = ''] = /^(.*):([^:/]*)$/.exec(name) ?? []; // pinned to a digest: no tag
        return [repository, tag, id.slice('sha256:'.length, 'sha256:'.length + 12), megabytes(sizeBytes)];
      }),
    ),
  );

const renderJson = (images: readonly Image[]): string =>
  JSON.stringify(
    images.map(({ id, names, manifestDigest, sizeBytes, config }) => ({
      id,
      names,
      digest: manifestDigest,
      sizeBytes,
      config: config.config,
    })),
    null,
    2,
  );

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
