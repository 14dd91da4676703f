// Lists of the types set and map hold nothing twice.
// Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype/validation.go.
import { canonicalJson } from '../../../lang/canonical-json.ts';
import { isJsonObject } from '../../../lang/json.ts';
import type { JsonObject } from '../../../lang/json.ts';
import { ownValue } from '../../../lang/own-value.ts';
import type { FieldError } from '../../../k8s/field-error.ts';
import { duplicate, invalid } from '../../../k8s/field-errors.ts';
import { additionalSchema } from './schema.ts';
import type { Schema } from './schema.ts';

/** Each item that stands there for the second time. */
export const duplicateItems = (
  schema: Schema | undefined,
  value: unknown,
  path = '',
): readonly FieldError[] => {
  if (!schema) return [];
  if (Array.isArray(value)) return listErrors(schema, value, path);
  return isJsonObject(value) ? memberErrors(schema, value, path) : [];
};

const memberErrors = (schema: Schema, object: JsonObject, path: string): readonly FieldError[] =>
  Object.entries(object).flatMap(([name, member]) => {
    const own = ownValue(schema.properties, name);
    if (own) return duplicateItems(own, member, path === '' ? name : `${path}.${name}`);
    return duplicateItems(additionalSchema(schema), member, `${path}[${name}]`);
  });

const listErrors = (schema: Schema, list: readonly unknown[], path: string): readonly FieldError[] => [
  ...ownErrors(schema, list, path),
  ...(schema.items ? list.flatMap((item, i) => duplicateItems(schema.items, item, `${path}[${i}]`)) : []),
];

const ownErrors = (schema: Schema, list: readonly unknown[], path: string): readonly FieldError[] => {
  if (schema['x-kubernetes-list-type'] === 'set') return repeated(list, path);
  if (schema['x-kubernetes-list-type'] !== 'map') return [];
  const odd = list.findIndex((item) => item !== null && !isJsonObject(item));
  if (odd >= 0)
    return [invalid(`${path}[${odd}]`, list[odd], 'must be an object for an array of list-type map')];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return repeated(
    list.map((item) => keyOf(isJsonObject(item) ? item : {}, keys.toSorted())),
    path,
  );
};

const keyOf = (item: JsonObject, keys: readonly string[]): JsonObject =>
  Object.fromEntries(keys.filter((key) => Object.hasOwn(item, key)).map((key) => [key, item[key]]));

// Of each value that stands there more than once, the second is named.
const repeated = (values: readonly unknown[], path: string): readonly FieldError[] => {
  const timesByText = new Map<string, number>();
  return values.flatMap((value, index) => {
    const text = canonicalJson(value);
    const times = timesByText.get(text) ?? 0;
    timesByText.set(text, times + 1);
    return times === 1 ? [duplicate(`${path}[${index}]`, value)] : [];
  });
};
