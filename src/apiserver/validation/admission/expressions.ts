// Rules for expressions that policies and webhooks bring (kubernetes pkg/apis/admissionregistration/validation/validation.go).
import { duplicate, invalid, required, tooMany } from '../../../k8s/field-errors.ts';
import type { MatchCondition } from '../../../k8s/generated/types.ts';
import type { Expression } from '../../admission/policies/compile-policy.ts';
import { each, repeatedIndexes, when } from '../compose.ts';
import type { FieldErrors } from '../compose.ts';
import { qualified } from '../texts.ts';

const MOST_CONDITIONS = 64;

/** kube-apiserver's finding about an expression: nothing if it compiles. */
export const expressionErrors = (
  { source, program }: Expression,
  path: string,
  missing = '',
): FieldErrors => {
  if (source.trim() === '') return [required(path, missing)];
  return typeof program === 'string' ? [invalid(path, source, program)] : [];
};

/** Of policies and of webhooks. */
export const matchConditionErrors = (
  conditions: readonly Partial<MatchCondition>[],
  compiled: readonly Expression[],
  path: string,
): FieldErrors => [
  ...when(conditions.length > MOST_CONDITIONS, () => tooMany(path, conditions.length, MOST_CONDITIONS)),
  ...each(conditions, path, ({ name }, at, index) => [
    ...expressionErrors(compiled[index]!, `${at}.expression`),
    ...(name ? qualified(name, `${at}.name`) : [required(`${at}.name`)]),
  ]),
  ...repeatedIndexes(conditions, ({ name }) => name ?? '')
    .filter((index) => conditions[index]!.name)
    .map((index) => duplicate(`${path}[${index}].name`, conditions[index]!.name)),
];
