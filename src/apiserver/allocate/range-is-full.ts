import { ApiError, failure } from '../../k8s/api-error.ts';

/** No field of the object is wrong when a pool is exhausted: kube-apiserver answers 500. */
export const rangeIsFull = (what: 'serviceIP' | 'nodePort'): ApiError => {
  const message = `failed to allocate a ${what}: range is full`;
  const details = { causes: [{ message }] };
  return new ApiError(failure(500, 'InternalError', `Internal error occurred: ${message}`, details));
};
