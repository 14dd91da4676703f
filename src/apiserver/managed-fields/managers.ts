// metadata.managedFields: who owns what. An entry is one manager's fields; managers that apply and managers that update are
// told apart, and so are their writes through a subresource.
// Source: k8s.io/apimachinery/pkg/util/managedfields/internal/managedfields.go.
import type { ManagedFieldsEntry } from '../../k8s/generated/types.ts';
import { isJsonObject } from '../../lang/json.ts';
import { isElement } from './field-path.ts';
import { sorted } from './field-set.ts';
import type { FieldSet } from './field-set.ts';

/** An entry that has been checked, or that we wrote ourselves. */
export type Entry = {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly time?: string | undefined;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: FieldSet;
  readonly subresource?: string | undefined;
};

/** Who writes. Its fields come from what it writes. */
export type Writer = {
  readonly manager: string;
  readonly apiVersion: string;
  readonly subresource: string | undefined;
  readonly time: string;
};

export const entryOf = (
  { manager, apiVersion, subresource, time }: Writer,
  operation: Entry['operation'],
  fields: FieldSet,
): Entry => ({
  manager: manager || 'unknown',
  operation,
  apiVersion,
  time,
  fieldsType: 'FieldsV1',
  fieldsV1: canonical(fields),
  ...(subresource && { subresource }),
});

export const withFields = (entry: Entry, fields: FieldSet): Entry =>
  fields === entry.fieldsV1 ? entry : { ...entry, fieldsV1: canonical(fields) };

/** An applier stays the same whatever version it applies. */
export const isSameManager = (a: Entry, b: Entry): boolean =>
  a.manager === b.manager &&
  a.operation === b.operation &&
  (a.subresource ?? '') === (b.subresource ?? '') &&
  (a.operation === 'Apply' || a.apiVersion === b.apiVersion);

/** In the order in which kube-apiserver lists them: appliers first, then by age. */
export const inOrder = (entries: readonly Entry[]): readonly Entry[] =>
  entries.length < 2 ? entries : [...entries].sort(compareEntries);

const compareEntries = (a: Entry, b: Entry): number =>
  order(a.operation, b.operation) ||
  order(a.time ?? '', b.time ?? '') ||
  order(a.manager, b.manager) ||
  order(a.apiVersion, b.apiVersion) ||
  order(a.subresource ?? '', b.subresource ?? '');

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Entries that a client sent, if all of them can be understood. */
export const parseEntries = (entries: readonly ManagedFieldsEntry[]): readonly Entry[] | undefined =>
  entries.length > 0 && entries.every(isEntry) ? entries : undefined;

const isEntry = (entry: ManagedFieldsEntry): entry is Entry =>
  (entry.operation === 'Apply' || entry.operation === 'Update') &&
  entry.fieldsType === 'FieldsV1' &&
  Boolean(entry.apiVersion) &&
  Boolean(entry.manager) &&
  isFieldSet(entry.fieldsV1);

const isFieldSet = (value: unknown): value is FieldSet =>
  isJsonObject(value) &&
  Object.keys(value).every(
    (element) => (element === '.' || isElement(element)) && isFieldSet(value[element]),
  );

// Pods of one Deployment are owned alike: they share one set, which keeps a store of many pods small.
const known = new Map<string, FieldSet>();
const KNOWN_MAX = 4096;

const canonical = (fields: FieldSet): FieldSet => {
  const ordered = sorted(fields);
  const text = JSON.stringify(ordered);
  const same = known.get(text);
  if (same) return same;
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(text, ordered);
  return ordered;
};
