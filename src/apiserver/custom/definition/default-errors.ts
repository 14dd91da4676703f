// A default must be what a value may be.
// Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go.
import { compileRules } from '../../../cel/rules/rules.ts';
import type { FieldError } from '../../../k8s/field-error.ts';
import { invalid } from '../../../k8s/field-errors.ts';
import { cloneJson, isJsonObject } from '../../../lang/json.ts';
import type { JsonObject } from '../../../lang/json.ts';
import { embeddedErrors } from '../structural/embedded.ts';
import { prune } from '../structural/prune.ts';
import type { Schema } from '../structural/schema.ts';
import { validateValue } from '../structural/validate.ts';

export const defaultErrors = (schema: Schema, path: string): readonly FieldError[] => [
  ...(schema.default === undefined ? [] : ownErrors(schema, `${path}.default`)),
  ...(schema.items ? defaultErrors(schema.items, `${path}.items`) : []),
  ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    defaultErrors(property, `${path}.properties[${name}]`),
  ),
];

const ownErrors = (schema: Schema, path: string): readonly FieldError[] => {
  const value = schema.default;
  if (isUnpruned(schema, value)) return [invalid(path, value, 'must not have unknown fields')];
  const embedded = isJsonObject(value)
    ? embeddedErrors(schema, value).map((error) => ({ ...error, field: `${path}.${error.field}` }))
    : [];
  if (embedded.length > 0) return embedded;
  const errors = validateValue(schema, value, { prefix: path });
  return errors.length > 0 ? errors : ruleErrors(schema, value, path);
};

// The rules of a part are those of an object that has nothing else.
const ruleErrors = (schema: Schema, value: unknown, path: string): readonly FieldError[] =>
  compileRules({ type: 'object', properties: { value: schema } })
    .check({ value }, undefined)
    .map((error) => ({ ...error, field: `${path}${error.field.slice('value'.length)}` }));

const isUnpruned = (schema: Schema, value: unknown): boolean => {
  const holder = cloneJson({ value }) as JsonObject;
  return prune(holder, { type: 'object', properties: { value: schema } }).length > 0;
};
