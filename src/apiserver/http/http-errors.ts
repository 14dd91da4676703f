// The Statuses that the HTTP layer itself answers with, in kube-apiserver's words
// (k8s.io/apimachinery/pkg/api/errors, k8s.io/apiserver/pkg/endpoints/handlers/negotiation, Kubernetes 1.36).
import { ApiError, failure } from '../../k8s/api-error.ts';

export const BODY_BYTES_MAX = 3 << 20;

const MEDIA_TYPES = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
const STREAM_TYPES = 'application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch';

export const noSuchPath = (): ApiError =>
  new ApiError(failure(404, 'NotFound', 'the server could not find the requested resource', {}));

export const methodNotAllowed = (): ApiError =>
  new ApiError(
    failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {}),
  );

export const unauthorized = (): ApiError => new ApiError(failure(401, 'Unauthorized', 'Unauthorized'));

export const notAcceptable = (isStream = false): ApiError => {
  const types = isStream ? STREAM_TYPES : MEDIA_TYPES;
  return new ApiError(failure(406, 'NotAcceptable', `only the following media types are accepted: ${types}`));
};

export const unsupportedMediaType = (accepted = MEDIA_TYPES): ApiError =>
  new ApiError(
    failure(
      415,
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
    ),
  );

export const tooLarge = (): ApiError =>
  new ApiError(failure(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${BODY_BYTES_MAX}`));

export const bodyStalled = (): ApiError =>
  new ApiError(failure(408, 'Timeout', 'the body of the request did not arrive in time'));
