// Ownership and the object after an apply: the configuration laid over the object, less what its manager applied before and
// applies no longer; refused where another manager owns a field that would change.
// Source: sigs.k8s.io/structured-merge-diff/merge/update.go, Apply and prune.
import type { JsonObject } from '../../lang/json.ts';
import { compare, ignoring } from './compare.ts';
import { conflictsOf } from './conflicts.ts';
import type { Conflict } from './conflicts.ts';
import { EMPTY, difference, intersection, isEmpty, outside, union } from './field-set.ts';
import type { FieldSet } from './field-set.ts';
import { fieldSetOf } from './field-set-of.ts';
import { withDeclaredFields } from './declared-fields.ts';
import type { FieldType } from './field-type.ts';
import { SYSTEM_FIELDS } from './ignored-fields.ts';
import { entryOf, inOrder, isSameManager } from './managers.ts';
import type { Entry, Writer } from './managers.ts';
import { merge } from './merge.ts';
import { removeFields } from './remove.ts';
import { withoutChanged } from './update.ts';

export type Application = {
  readonly type: FieldType;
  readonly live: JsonObject;
  readonly config: JsonObject;
  readonly entries: readonly Entry[];
  readonly writer: Writer;
  readonly ignored: FieldSet;
};

export type Applied =
  | { readonly ok: true; readonly object: JsonObject; readonly entries: readonly Entry[] }
  | { readonly ok: false; readonly conflicts: readonly Conflict[] };

/** The object is not yet defaulted or validated; shares with the live one what does not change. */
export const applyConfig = (application: Application): Applied => {
  const outcome = outcomeOf(application);
  const conflicts = conflictsOf(outcome.others, outcome.comparison);
  return conflicts.length > 0 ? { ok: false, conflicts } : settled(outcome);
};

/** The same, but takes the fields of others instead of refusing. */
export const forceConfig = (application: Application): Extract<Applied, { readonly ok: true }> =>
  settled(outcomeOf(application));

type Outcome = {
  readonly object: JsonObject;
  readonly own: Entry;
  readonly others: readonly Entry[];
  readonly comparison: ReturnType<typeof compare>;
};

const outcomeOf = ({ type, live, config, entries, writer, ignored }: Application): Outcome => {
  const applied = outside(fieldSetOf(type, config), ignored);
  const own = entryOf(writer, 'Apply', difference(applied, SYSTEM_FIELDS));
  const previous = entries.find((entry) => isSameManager(entry, own));
  const others = entries.filter((entry) => entry !== previous);
  const claimed = others.reduce((fields, { fieldsV1 }) => union(fields, fieldsV1), applied);
  const object = prune(type, merge(type, live, config), previous?.fieldsV1 ?? EMPTY, claimed);
  return { object, own, others, comparison: ignoring(compare(type, live, object), ignored) };
};

const settled = ({ object, own, others, comparison }: Outcome): Extract<Applied, { readonly ok: true }> => {
  const left = withoutChanged(others, comparison);
  return { ok: true, object, entries: inOrder(isEmpty(own.fieldsV1) ? left : [...left, own]) };
};

// First everything goes that was applied last time, a declared field with all that it holds; then what someone claims comes
// back. What goes in the end is no more than what was applied last time.
const prune = (type: FieldType, merged: JsonObject, last: FieldSet, claimed: FieldSet): JsonObject => {
  if (isEmpty(difference(last, claimed))) return merged; // the usual apply: nothing went out of it
  const named = (fields: FieldSet): FieldSet => withDeclaredFields(type, fields);
  const fieldsOf = (object: JsonObject): FieldSet => named(fieldSetOf(type, object));
  const [all, lastNamed] = [fieldsOf(merged), named(last)];
  const bare = removeFields(type, merged, lastNamed);
  const owned = removeFields(type, merged, difference(all, union(fieldsOf(bare), named(claimed))));
  return removeFields(type, merged, intersection(difference(all, fieldsOf(owned)), lastNamed));
};
