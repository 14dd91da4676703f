// Lists of a strategic merge patch: scalars are a set, objects are told apart by their merge key. The patch's order comes
// first; items that only the server has keep their place among the others as well as they can.
import { isJsonObject } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import { badRequest } from '../status-errors.ts';
import { withoutDirectives } from './directives.ts';

export type ItemMerge = {
  /** Undefined: a list of scalars. */
  readonly mergeKey: string | undefined;
  readonly merge: (original: JsonObject, patch: JsonObject) => JsonObject;
};

type List = readonly unknown[];

export const mergeLists = (items: ItemMerge, original: List, patch: List): unknown[] => {
  const { mergeKey } = items;
  if (mergeKey === undefined)
    return ordered(undefined, [...new Set([...original, ...patch])], patch, original);
  const changes = patch.map((item) => objectWithKey(item, mergeKey));
  const plain = changes.filter((item) => !('$patch' in item));
  if (changes.some(({ $patch }) => $patch === 'replace')) return plain.map((item) => withoutDirectives(item));
  const kept = withoutDeleted(mergeKey, original, changes);
  return ordered(mergeKey, mergeItems(items, mergeKey, kept, plain), plain, kept);
};

/** `$setElementOrder`: the order of the items that the client knows. */
export const applyOrder = (mergeKey: string | undefined, list: List, order: List): unknown[] =>
  ordered(mergeKey, list, order, list);

/** `$deleteFromPrimitiveList`. */
export const deleteScalars = (list: List, deleted: List): unknown[] => {
  const gone = new Set(deleted);
  return list.filter((item) => !gone.has(item));
};

const withoutDeleted = (mergeKey: string, original: List, changes: readonly JsonObject[]): unknown[] => {
  const deleted = new Set<unknown>();
  for (const change of changes) {
    if (change['$patch'] === 'delete') deleted.add(change[mergeKey]);
    else if ('$patch' in change)
      throw badRequest(`unknown patch type [${change['$patch']}] in [${JSON.stringify(change)}]`);
  }
  return original.filter((item) => !deleted.has(keyOf(mergeKey, item)));
};

const mergeItems = (
  { merge }: ItemMerge,
  mergeKey: string,
  original: List,
  changes: readonly JsonObject[],
): unknown[] => {
  const merged = [...original];
  const places = firstPlaces(mergeKey, original);
  for (const change of changes) {
    const at = places.get(change[mergeKey]);
    if (at === undefined) {
      places.set(change[mergeKey], merged.length);
      merged.push(withoutDirectives(change));
    } else merged[at] = merge(merged[at] as JsonObject, change);
  }
  return merged;
};

const firstPlaces = (mergeKey: string, list: List): Map<unknown, number> => {
  const places = new Map<unknown, number>();
  for (const [index, item] of list.entries()) {
    const key = keyOf(mergeKey, item);
    if (key !== undefined && !places.has(key)) places.set(key, index);
  }
  return places;
};

const objectWithKey = (item: unknown, mergeKey: string): JsonObject => {
  if (isJsonObject(item) && (Object.hasOwn(item, mergeKey) || item['$patch'] === 'replace')) return item;
  throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`);
};

const keyOf = (mergeKey: string | undefined, item: unknown): unknown => {
  if (mergeKey === undefined) return item;
  return isJsonObject(item) ? item[mergeKey] : undefined;
};

// Items that `first` names come in its order; each other one goes before the first of them that follows it in `live`.
const ordered = (mergeKey: string | undefined, list: List, first: List, live: List): unknown[] => {
  const [rank, liveRank] = [ranks(mergeKey, first), ranks(mergeKey, live)];
  const key = (item: unknown): unknown => keyOf(mergeKey, item);
  const named = list
    .filter((item) => rank.has(key(item)))
    .sort((a, b) => rank.get(key(a))! - rank.get(key(b))!);
  const result: unknown[] = [];
  let next = 0;
  for (const item of list.filter((each) => !rank.has(key(each)))) {
    while (next < named.length && !comesBefore(liveRank, key(item), key(named[next])))
      result.push(named[next++]);
    result.push(item);
  }
  return [...result, ...named.slice(next)];
};

const comesBefore = (rank: ReadonlyMap<unknown, number>, a: unknown, b: unknown): boolean =>
  rank.has(a) && rank.has(b) && rank.get(a)! < rank.get(b)!;

const ranks = (mergeKey: string | undefined, list: List): ReadonlyMap<unknown, number> =>
  new Map(list.map((item, index) => [keyOf(mergeKey, item), index]));
