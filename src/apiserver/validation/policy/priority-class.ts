// Rules for PriorityClasses (kubernetes pkg/apis/scheduling/validation/validation.go).
import { forbidden, invalid } from '../../../k8s/field-errors.ts';
import type { PriorityClass } from '../../../k8s/generated/types.ts';
import { type FieldErrors, when } from '../compose.ts';
import { FIELD_IMMUTABLE, optionalOneOf } from '../scalars.ts';

/** Every cluster has these two (kubernetes pkg/apis/scheduling/v1/helpers.go). */
export const SYSTEM_CLASSES = [
  {
    name: 'system-node-critical',
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    name: 'system-cluster-critical',
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
] as const;

const USER_MAX = 1_000_000_000;

export const validatePriorityClass = (object: PriorityClass): FieldErrors => [
  ...(object.metadata?.name?.startsWith('system-')
    ? systemClass(object)
    : when((object.value ?? 0) > USER_MAX, () =>
        forbidden('value', `maximum allowed value of a user defined priority is ${USER_MAX}`),
      )),
  ...optionalOneOf(object.preemptionPolicy, ['Never', 'PreemptLowerPriority'], 'preemptionPolicy'),
];

const systemClass = ({ metadata, value, globalDefault }: PriorityClass): FieldErrors => {
  const name = metadata?.name;
  const known = SYSTEM_CLASSES.find((each) => each.name === name);
  const reason = !known
    ? `${name} is not a known system priority class`
    : value !== known.value
      ? `value of ${name} PriorityClass must be ${known.value}`
      : globalDefault
        ? `globalDefault of ${name} PriorityClass must be false`
        : undefined;
  return reason === undefined
    ? []
    : [
        forbidden(
          'metadata.name',
          `priority class names with 'system-' prefix are reserved for system use only. error: ${reason}`,
        ),
      ];
};

export const validatePriorityClassUpdate = (after: PriorityClass, before: PriorityClass): FieldErrors => [
  ...when(after.value !== before.value, () => forbidden('value', 'may not be changed in an update.')),
  ...when(after.preemptionPolicy !== before.preemptionPolicy, () =>
    invalid('preemptionPolicy', after.preemptionPolicy ?? null, FIELD_IMMUTABLE),
  ),
];
