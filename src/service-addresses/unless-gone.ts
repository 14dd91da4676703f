import { isNotFound } from '../k8s/api-error.ts';

/** For writes to objects that may end at any time: there is nothing left to do then. */
export const unlessGone = async (write: Promise<unknown>): Promise<void> => {
  try {
    await write;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
};
