// Rules for PodDisruptionBudgets (kubernetes pkg/apis/policy/validation/validation.go).
import { invalid } from '../../../k8s/field-errors.ts';
import type { PodDisruptionBudget } from '../../../k8s/generated/types.ts';
import { atMostAll, countOrPercent } from '../apps/limits.ts';
import { type FieldErrors, ifSet, when } from '../compose.ts';
import { labelSelector } from '../labels.ts';
import { notNegative, optionalOneOf } from '../scalars.ts';

export const validateDisruptionBudget = ({ spec }: PodDisruptionBudget): FieldErrors =>
  ifSet(spec, (value) => [
    ...when(value.minAvailable !== undefined && value.maxUnavailable !== undefined, () =>
      invalid('spec', value, 'minAvailable and maxUnavailable cannot be both set'),
    ),
    ...(['minAvailable', 'maxUnavailable'] as const).flatMap((name) =>
      ifSet(value[name], (limit) => [
        ...countOrPercent(limit, `spec.${name}`),
        ...atMostAll(limit, `spec.${name}`),
      ]),
    ),
    ...labelSelector(value.selector, 'spec.selector'),
    ...optionalOneOf(
      value.unhealthyPodEvictionPolicy,
      ['AlwaysAllow', 'IfHealthyBudget'],
      'spec.unhealthyPodEvictionPolicy',
    ),
  ]);

const COUNTS = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const;

export const validateDisruptionBudgetStatus = ({ status }: PodDisruptionBudget): FieldErrors =>
  COUNTS.flatMap((name) => notNegative(status?.[name], `status.${name}`));
