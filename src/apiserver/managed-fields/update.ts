// Ownership after a create, update or patch: the writer owns what it changed, and takes it from everyone else.
// Sources: sigs.k8s.io/structured-merge-diff/merge/update.go, Update; k8s.io/apimachinery/pkg/util/managedfields/internal
// (managedfieldsupdater.go, stripmeta.go).
import type { JsonObject } from '../../lang/json.ts';
import { capUpdaters } from './cap.ts';
import { compare, ignoring, isSame } from './compare.ts';
import type { Comparison } from './compare.ts';
import { difference, isEmpty, union } from './field-set.ts';
import type { FieldSet } from './field-set.ts';
import type { FieldType } from './field-type.ts';
import { SYSTEM_FIELDS } from './ignored-fields.ts';
import { entryOf, inOrder, isSameManager, withFields } from './managers.ts';
import type { Entry, Writer } from './managers.ts';

export type Update = {
  readonly type: FieldType;
  /** The object as it is; empty for a create. */
  readonly live: JsonObject;
  readonly after: JsonObject;
  readonly entries: readonly Entry[];
  readonly writer: Writer;
  readonly ignored: FieldSet;
};

export const ownAfterUpdate = (update: Update): readonly Entry[] => {
  const { type, live, after, entries, writer, ignored } = update;
  const comparison = ignoring(compare(type, live, after), ignored);
  if (isSame(comparison)) return entries;
  const written = difference(union(comparison.modified, comparison.added), SYSTEM_FIELDS);
  const entry = entryOf(writer, 'Update', written);
  const left = withoutChanged(entries, comparison);
  return inOrder(capUpdaters(isEmpty(written) ? left : owning(left, entry)));
};

/** What others still own once the compared fields have changed hands or are gone. */
export const withoutChanged = (
  entries: readonly Entry[],
  { added, removed, modified }: Comparison,
): readonly Entry[] => {
  const changed = union(union(modified, added), removed);
  return entries
    .map((entry) => withFields(entry, difference(entry.fieldsV1, changed)))
    .filter(({ fieldsV1 }) => !isEmpty(fieldsV1));
};

const owning = (entries: readonly Entry[], entry: Entry): readonly Entry[] => {
  const previous = entries.find((each) => isSameManager(each, entry));
  if (!previous) return [...entries, entry];
  const all = withFields(entry, union(entry.fieldsV1, previous.fieldsV1));
  return entries.map((each) => (each === previous ? all : each));
};
