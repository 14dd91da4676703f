// What is wrong with a custom resource: its schema's complaints, then its rules'.
// Source: k8s.io/apiextensions-apiserver/pkg/registry/customresource (strategy.go, status_strategy.go, validator.go).
import type { Rules } from '../../cel/rules/rules.ts';
import type { FieldError, FieldErrorType } from '../../k8s/field-error.ts';
import { invalid } from '../../k8s/field-errors.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { ScalePaths } from '../kind.ts';
import { valueAt } from '../../lang/nested.ts';
import { embeddedErrors } from './structural/embedded.ts';
import { duplicateItems } from './structural/list-keys.ts';
import type { Schema } from './structural/schema.ts';
import { validateValue } from './structural/validate.ts';

export type CustomValidation = {
  readonly schema: Schema;
  readonly rules: Rules;
  readonly scale: ScalePaths | undefined;
};

/** `before`: what an update replaces. What did not change is not complained about. */
export const validateCustom = (
  { schema, rules, scale }: CustomValidation,
  object: KubeObject,
  before: KubeObject | undefined,
): readonly FieldError[] => {
  const errors = [
    ...validateValue(schema, object, before && { before: { value: before } }),
    ...(scale ? [...replicaErrors(object, scale.spec), ...scaleStatusErrors(object, scale)] : []),
    ...embeddedErrors(schema, object as JsonObject),
    ...newDuplicates(schema, object, before),
  ];
  return [...errors, ...ruleErrors(rules, errors, object, before)];
};

/** After a write to the status endpoint: the status is validated, and the rules may look at all of the object. */
export const validateCustomStatus = (
  { schema, rules, scale }: CustomValidation,
  object: KubeObject,
  before: KubeObject,
): readonly FieldError[] => {
  const [status, statusBefore] = [valueAt(object, 'status'), valueAt(before, 'status')];
  const own = schema.properties?.['status'];
  const known = statusBefore === undefined ? {} : { before: { value: statusBefore } };
  const errors = [
    ...(own && status !== undefined ? validateValue(own, status, { prefix: 'status', ...known }) : []),
    ...(scale ? scaleStatusErrors(object, scale) : []),
    ...newDuplicates(schema, object, before),
  ];
  return [...errors, ...ruleErrors(rules, errors, object, before)];
};

const newDuplicates = (
  schema: Schema,
  object: KubeObject,
  before: KubeObject | undefined,
): readonly FieldError[] => {
  const found = duplicateItems(schema, object);
  return found.length > 0 && before && duplicateItems(schema, before).length > 0 ? [] : found;
};

// Rules are written for objects of the right types; on others they would only err.
const BLOCKING: ReadonlySet<FieldErrorType> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

const ruleErrors = (
  rules: Rules,
  errors: readonly FieldError[],
  object: KubeObject,
  before: KubeObject | undefined,
): readonly FieldError[] => {
  if (rules.isEmpty) return [];
  if (!errors.some(({ type }) => BLOCKING.has(type))) return rules.check(object, before);
  return [
    invalid(
      '<nil>',
      null,
      'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
    ),
  ];
};

const INT32_MAX = 2 ** 31 - 1;

const replicaErrors = (object: KubeObject, path: string): readonly FieldError[] => {
  const replicas = valueAt(object, path);
  if (replicas === undefined) return [];
  if (typeof replicas !== 'number' || !Number.isInteger(replicas))
    return [
      invalid(
        path,
        0,
        `${path} accessor error: ${String(replicas)} is of the type ${typeof replicas}, expected int64`,
      ),
    ];
  if (replicas < 0) return [invalid(path, replicas, 'should be a non-negative integer')];
  return replicas > INT32_MAX
    ? [invalid(path, replicas, `should be less than or equal to ${INT32_MAX}`)]
    : [];
};

const scaleStatusErrors = (object: KubeObject, { status, selector }: ScalePaths): readonly FieldError[] => {
  const text = selector === undefined ? undefined : valueAt(object, selector);
  return [
    ...replicaErrors(object, status),
    ...(text === undefined || typeof text === 'string'
      ? []
      : [
          invalid(
            selector!,
            '',
            `${selector} accessor error: the value is of the type ${typeof text}, expected string`,
          ),
        ]),
  ];
};
