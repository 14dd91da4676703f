// Which part of the object before an update a part of the object after it stands for: what did not change may stay as it
// is, even if the schema would no longer let it in (KEP-4008).
// Source: k8s.io/apiserver/pkg/cel/common/equality.go.
import { equalJson, isJsonObject } from '../../../lang/json.ts';
import { sameKeyed } from '../../../lang/keyed-items.ts';
import { ownValue } from '../../../lang/own-value.ts';
import { memberSchema } from './schema.ts';
import type { Schema } from './schema.ts';

/** A value before the update; undefined: there is none that the new one could be compared with. */
export type Before = { readonly value: unknown } | undefined;

export const isUnchanged = (before: Before, value: unknown): boolean =>
  before !== undefined && equalJson(before.value, value);

/** Members of maps go by their names. */
export const memberBefore = (before: Before, schema: Schema, name: string): Before => {
  if (!before || !isJsonObject(before.value) || !memberSchema(schema, name)) return undefined;
  const value = ownValue(before.value, name);
  return value === undefined ? undefined : { value };
};

/** Items of lists go by their keys: only lists of the type map have those. */
export const itemBefore = (before: Before, schema: Schema, item: unknown): Before => {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (!before || schema['x-kubernetes-list-type'] !== 'map' || !keys) return undefined;
  if (!Array.isArray(before.value) || !isJsonObject(item)) return undefined;
  const value = sameKeyed(before.value, { keys, items: schema.items }, item);
  return value === undefined ? undefined : { value };
};
