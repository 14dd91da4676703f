// What clients hear of webhooks that refuse or fail (k8s.io/apiserver/pkg/admission/plugin/webhook/errors/statuserror.go).
import { ApiError } from '../../../k8s/api-error.ts';
import type { Status } from '../../../k8s/generated/types.ts';
import { badRequest, internal } from '../../status-errors.ts';

/** A webhook's own status, at least a 400. */
export const deniedBy = (name: string, said: Partial<Status> = {}): ApiError => {
  const { code = 0, status, message, reason, details } = said;
  const by = `admission webhook ${JSON.stringify(name)} denied the request`;
  const why = message || reason;
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: status && status !== 'Success' ? status : 'Failure',
    message: why ? `${by}: ${why}` : `${by} without explanation`,
    ...(reason && { reason }),
    ...(details && { details }),
    code: Number.isInteger(code) && code >= 400 && code <= 599 ? code : 400,
  });
};

export const hasSideEffects = (name: string): ApiError =>
  badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);

export const modifiedNothing = (name: string): ApiError =>
  internal(
    `admission webhook ${JSON.stringify(name)} attempted to modify the object, which is not supported for this operation`,
  );

export const callFailed = (name: string, why: string): ApiError =>
  internal(`failed calling webhook ${JSON.stringify(name)}: ${why}`);
