// Rules for Leases (kubernetes pkg/apis/coordination/validation/validation.go).
import { forbidden, invalid } from '../../k8s/field-errors.ts';
import type { Lease } from '../../k8s/generated/types.ts';
import { type FieldErrors, ifSet, when } from './compose.ts';

export const validateLease = ({ spec }: Lease): FieldErrors =>
  ifSet(spec, ({ leaseDurationSeconds, leaseTransitions, preferredHolder, strategy }) => [
    ...ifSet(leaseDurationSeconds, (seconds) =>
      when(seconds <= 0, () => invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')),
    ),
    ...ifSet(leaseTransitions, (count) =>
      when(count < 0, () => invalid('spec.leaseTransitions', count, 'must be greater than or equal to 0')),
    ),
    ...when(!!preferredHolder && !strategy, () =>
      forbidden('spec.preferredHolder', 'may only be specified if `strategy` is defined'),
    ),
  ]);
