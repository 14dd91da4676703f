// What goes wrong with images: branch on `code`, the message is for people.

export type ImageErrorCode =
  /** The text is no image name. */
  | 'INVALID_NAME'
  /** The store holds no image of that name or id. */
  | 'NOT_FOUND'
  /** Containers run from the image. */
  | 'IN_USE'
  /** The archive, folder or blob is not what it says, or holds what an image must not. */
  | 'BAD_IMAGE'
  /** The machine lacks what a build needs. */
  | 'BUILD_FAILED';

export class ImageError extends Error {
  readonly code: ImageErrorCode;

  constructor(code: ImageErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'ImageError';
    this.code = code;
  }
}
