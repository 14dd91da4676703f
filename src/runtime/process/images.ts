// The image calls of the CRI over the local store. Nothing is pulled from a registry: a missing image is the user's to load.
import { ImageError } from '../../images/image-error.ts';
import type { Image } from '../../images/image-index.ts';
import type { ImageStore } from '../../images/store.ts';
import { type ImageStatus, type PodRuntime, RuntimeError } from '../runtime.ts';

export const createImageService = (
  store: ImageStore,
): Pick<PodRuntime, 'imageStatus' | 'pullImage' | 'listImages'> => ({
  imageStatus: async (image) => {
    const found = findImage(store, image);
    return found && imageStatusOf(found);
  },
  pullImage: async (image) => {
    const found = findImage(store, image);
    if (!found)
      throw new RuntimeError(
        'IMAGE_NOT_FOUND',
        `image ${JSON.stringify(image)} is not in the local store, and podnet pulls from no registry: save it where it is (docker save ${image} -o image.tar) and load it here (podnet image load image.tar)`,
      );
    await store.rootfs(found);
    return found.id;
  },
  listImages: async () => store.list().map(imageStatusOf),
});

/** By name or id. */
export const findImage = (store: ImageStore, image: string): Image | undefined => {
  try {
    return store.find(image);
  } catch (error) {
    if (error instanceof ImageError && error.code === 'INVALID_NAME')
      throw new RuntimeError('INVALID_IMAGE_NAME', error.message, { cause: error });
    throw error;
  }
};

const imageStatusOf = ({ id, names, sizeBytes, config }: Image): ImageStatus => ({
  id,
  repoTags: names,
  sizeBytes,
  user: config.config.User || undefined,
});
