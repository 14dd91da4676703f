// What DeleteOptions ask for. The fields may be null, as old clients send them.
// Source: k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go, ValidateDeleteOptions.
import type { DeleteRequest } from '../../client/client.ts';
import type { FieldError } from '../../k8s/field-error.ts';
import { invalid as invalidField, notSupported } from '../../k8s/field-errors.ts';
import type { ApiError } from '../../k8s/api-error.ts';
import { invalid } from '../status-errors.ts';

export type DeleteOptions = {
  readonly gracePeriodSeconds?: number | null | undefined;
  readonly propagationPolicy?: string | null | undefined;
  /** Deprecated since 1.7; old clients still send it. */
  readonly orphanDependents?: boolean | null | undefined;
  readonly dryRun?: readonly string[] | null | undefined;
  readonly preconditions?:
    | { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined }
    | null
    | undefined;
};

const POLICIES = ['Background', 'Foreground', 'Orphan'] as const;

/** Throws Invalid. */
export const deleteRequestOf = (given: DeleteOptions): DeleteRequest => {
  const { uid, resourceVersion } = given.preconditions ?? {};
  const { gracePeriodSeconds } = given;
  const propagationPolicy = policyOf(given);
  if (typeof gracePeriodSeconds === 'number' && gracePeriodSeconds < 0)
    throw refused(
      invalidField('gracePeriodSeconds', gracePeriodSeconds, 'must be greater than or equal to 0'),
    );
  return {
    ...(uid ? { uid } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
    ...(typeof gracePeriodSeconds === 'number' ? { gracePeriodSeconds } : {}),
    ...(propagationPolicy ? { propagationPolicy } : {}),
  };
};

const policyOf = ({
  propagationPolicy,
  orphanDependents,
}: DeleteOptions): DeleteRequest['propagationPolicy'] => {
  if (propagationPolicy) {
    const found = POLICIES.find((each) => each === propagationPolicy);
    if (!found) throw refused(notSupported('propagationPolicy', propagationPolicy, POLICIES));
    return found;
  }
  if (typeof orphanDependents !== 'boolean') return undefined;
  return orphanDependents ? 'Orphan' : 'Background';
};

const refused = (error: FieldError): ApiError =>
  invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [error]);
