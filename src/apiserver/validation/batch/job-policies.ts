// Rules for what a Job does about failures and successes (kubernetes pkg/apis/batch/validation/validation.go).
import { duplicate, invalid, required, tooLong, tooMany } from '../../../k8s/field-errors.ts';
import type {
  JobSpec,
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from '../../../k8s/generated/types.ts';
import { type FieldErrors, each, ifSet, repeatedIndexes, when } from '../compose.ts';
import { notNegative, optionalOneOf } from '../scalars.ts';
import { qualified } from '../texts.ts';
import { parseIndexes } from './indexes.ts';

const RULES_MAX = 20;
const EXIT_CODES_MAX = 255;
const INDEXES_BYTES_MAX = 64 * 1024;
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];

/** `valid values: ["In" "NotIn"]`, as Go prints lists. */
const choice = (value: string | undefined, values: readonly string[], path: string): FieldErrors =>
  value
    ? optionalOneOf(value, values, path)
    : [required(path, `valid values: [${values.map((name) => JSON.stringify(name)).join(' ')}]`)];

export const failurePolicy = (spec: JobSpec, path: string): FieldErrors =>
  ifSet(spec.podFailurePolicy, ({ rules = [] }: Partial<PodFailurePolicy>) => [
    ...when(rules.length > RULES_MAX, () => tooMany(`${path}.rules`, rules.length, RULES_MAX)),
    ...each(rules, `${path}.rules`, (rule, at) => failureRule(spec, rule, at)),
  ]);

const failureRule = (spec: JobSpec, rule: PodFailurePolicyRule, path: string): FieldErrors => {
  const { action, onExitCodes, onPodConditions } = rule;
  const conditions = onPodConditions ?? [];
  return [
    ...choice(action, ACTIONS, `${path}.action`),
    ...when(action === 'FailIndex' && spec.backoffLimitPerIndex === undefined, () =>
      invalid(`${path}.action`, action, 'requires the backoffLimitPerIndex to be set'),
    ),
    ...ifSet(onExitCodes, (codes) => exitCodes(spec, codes, `${path}.onExitCodes`)),
    ...when(conditions.length > RULES_MAX, () =>
      tooMany(`${path}.onPodConditions`, conditions.length, RULES_MAX),
    ),
    ...each(conditions, `${path}.onPodConditions`, ({ type, status }, at) => [
      ...qualified(type ?? '', `${at}.type`),
      ...choice(status, ['False', 'True', 'Unknown'], `${at}.status`),
    ]),
    ...when(onExitCodes !== undefined && conditions.length > 0, () =>
      invalidWhole(path, 'specifying both OnExitCodes and OnPodConditions is not supported'),
    ),
    ...when(onExitCodes === undefined && conditions.length === 0, () =>
      invalidWhole(path, 'specifying one of OnExitCodes and OnPodConditions is required'),
    ),
  ];
};

/** The value would only repeat what the path names. */
const invalidWhole = (field: string, detail: string) =>
  ({ type: 'FieldValueInvalid', field, message: `Invalid value: ${detail}` }) as const;

const exitCodes = (
  { template }: JobSpec,
  { operator, containerName, values = [] }: Partial<PodFailurePolicyOnExitCodesRequirement>,
  path: string,
): FieldErrors => {
  const { containers = [], initContainers = [] } = template.spec ?? {};
  const names = [...containers, ...initContainers].map(({ name }) => name);
  const at = `${path}.values`;
  const repeated = new Set(repeatedIndexes(values, String));
  const isOrdered = values.every((value, index) => index === 0 || values[index - 1]! <= value);
  return [
    ...choice(operator, ['In', 'NotIn'], `${path}.operator`),
    ...when(containerName !== undefined && !names.includes(containerName), () =>
      invalid(
        `${path}.containerName`,
        containerName,
        'must be one of the container or initContainer names in the pod template',
      ),
    ),
    ...when(values.length === 0, () => invalid(at, values, 'at least one value is required')),
    ...when(values.length > EXIT_CODES_MAX, () => tooMany(at, values.length, EXIT_CODES_MAX)),
    ...each(values, at, (value, place, index) => [
      ...when(operator === 'In' && value === 0, () =>
        invalid(place, value, 'must not be 0 for the In operator'),
      ),
      ...when(repeated.has(index), () => duplicate(place, value)),
    ]),
    ...when(!isOrdered, () => invalid(at, values, 'must be ordered')),
  ];
};

export const successPolicy = (spec: JobSpec, path: string): FieldErrors =>
  ifSet(spec.successPolicy, (policy) => {
    if (spec.completionMode !== 'Indexed') return [invalid(path, policy, 'requires indexed completion mode')];
    const rules = policy.rules ?? [];
    const at = `${path}.rules`;
    return [
      ...when(rules.length === 0, () =>
        required(at, 'at least one rules must be specified when the successPolicy is specified'),
      ),
      ...when(rules.length > RULES_MAX, () => tooMany(at, rules.length, RULES_MAX)),
      ...each(rules, at, (rule, place) => successRule(rule, spec.completions ?? 0, place)),
    ];
  });

const successRule = (
  { succeededCount, succeededIndexes }: SuccessPolicyRule,
  completions: number,
  path: string,
): FieldErrors => {
  if (succeededCount === undefined && succeededIndexes === undefined)
    return [required(path, 'at least one of succeededCount or succeededIndexes must be specified')];
  const indexes = succeededIndexes === undefined ? undefined : parseIndexes(succeededIndexes, completions);
  return [
    ...when((succeededIndexes ?? '').length > INDEXES_BYTES_MAX, () =>
      tooLong(`${path}.succeededIndexes`, INDEXES_BYTES_MAX),
    ),
    ...(indexes?.ok === false
      ? [
          invalid(
            `${path}.succeededIndexes`,
            succeededIndexes,
            `error parsing succeededIndexes: ${indexes.reason}`,
          ),
        ]
      : []),
    ...ifSet(succeededCount, (count) => [
      ...notNegative(count, `${path}.succeededCount`),
      ...atMostCount(count, completions, 'the number of specified completions', path),
      ...(indexes?.ok
        ? atMostCount(
            count,
            indexes.total,
            'the number of indexes in the specified succeededIndexes field',
            path,
          )
        : []),
    ]),
  ];
};

const atMostCount = (count: number, most: number, what: string, path: string): FieldErrors =>
  when(count > most, () =>
    invalid(`${path}.succeededCount`, count, `must be less than or equal to ${most} (${what})`),
  );
