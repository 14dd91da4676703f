// The objects of one kind as they are, or as they were: the present ones with the changes since then taken back.
import type { StoredObject } from './change.ts';
import type { Selector } from './selector.ts';
import type { Table } from './store.ts';

export type Entry = { readonly key: string; readonly object: StoredObject };

/** The keys in [from, before). */
export type KeyRange = { readonly from: string; readonly before: string | undefined };

/** The keys that a selection can be about: one, a namespace's, or all. */
export const rangeOf = ({ namespace, onlyKey }: Selector): KeyRange => {
  if (onlyKey !== undefined) return { from: onlyKey, before: `${onlyKey}\0` };
  // '0' is the character after '/': the keys of a namespace lie between the two.
  return namespace === undefined
    ? { from: '', before: undefined }
    : { from: `${namespace}/`, before: `${namespace}0` };
};

/** In key order. */
export const stateNow = ({ objects }: Table, { from, before }: KeyRange): readonly Entry[] =>
  objects.keys(from, before).map((key) => ({ key, object: objects.get(key)! }));

/** In key order; undefined if some of the changes since `revision` are forgotten. */
export const stateAt = (table: Table, revision: number, range: KeyRange): readonly Entry[] | undefined => {
  const since = table.changes.since(revision);
  if (!since) return undefined;
  const live = stateNow(table, range);
  if (since.length === 0) return live;
  const then = new Map<string, StoredObject | undefined>();
  for (const { key, before } of since) if (!then.has(key)) then.set(key, before);
  return [...live.filter(({ key }) => !then.has(key)), ...entriesIn(range, then)].sort(byKey);
};

const entriesIn = (
  { from, before }: KeyRange,
  objects: ReadonlyMap<string, StoredObject | undefined>,
): readonly Entry[] =>
  [...objects].flatMap(([key, object]) =>
    object && key >= from && (before === undefined || key < before) ? [{ key, object }] : [],
  );

const byKey = (a: Entry, b: Entry): number => (a.key < b.key ? -1 : 1);
