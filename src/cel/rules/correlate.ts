// The value before an update that a part of the new object stands for (KEP-4008; k8s.io/apiserver/pkg/cel/common/equality.go).
import { equalJson, isJsonObject } from '../../lang/json.ts';
import { sameKeyed } from '../../lang/keyed-items.ts';
import { ownValue } from '../../lang/own-value.ts';
import type { Schema } from '../schema/schema.ts';

/** Undefined: none that the new value could be compared with. */
export type Before = { readonly value: unknown } | undefined;

export type Correlation = {
  readonly before: Before;
  /** Whether nothing changed here, or in the nearest part around it that can be compared. */
  readonly isUnchanged: () => boolean;
};

/** The correlation of a whole object; without one before, nothing is compared. */
export const rootCorrelation = (value: unknown, before: unknown): Correlation =>
  before === undefined ? { before: undefined, isUnchanged: () => false } : compared({ value: before }, value);

/** Of a member of an object. */
export const memberCorrelation = (outer: Correlation, name: string, value: unknown): Correlation => {
  const old = isJsonObject(outer.before?.value) ? ownValue(outer.before.value, name) : undefined;
  return within(outer, old, value);
};

const NO_KEYS: readonly string[] = [];

/** Of an item of a list: only lists with keys can tell which item it was. */
export const itemCorrelation = (outer: Correlation, schema: Schema, value: unknown): Correlation => {
  const list = outer.before?.value;
  const keys = schema['x-kubernetes-list-map-keys'] ?? NO_KEYS;
  const isKeyed = schema['x-kubernetes-list-type'] === 'map' && Array.isArray(list) && isJsonObject(value);
  return within(outer, isKeyed ? sameKeyed(list, { keys, items: schema.items }, value) : undefined, value);
};

const within = (outer: Correlation, old: unknown, value: unknown): Correlation =>
  old === undefined ? { before: undefined, isUnchanged: outer.isUnchanged } : compared({ value: old }, value);

/** Compared once, and only if a rule fails. */
const compared = (before: { readonly value: unknown }, value: unknown): Correlation => {
  let answer: boolean | undefined;
  return { before, isUnchanged: () => (answer ??= equalJson(before.value, value)) };
};
