// Items of lists that are told apart by some of their members (x-kubernetes-list-map-keys).
import { canonicalJson } from './canonical-json.ts';
import { isJsonObject } from './json.ts';
import { ownValue } from './own-value.ts';

type ItemSchema = { readonly properties?: Readonly<Record<string, { readonly default?: unknown }>> };

export type KeyedItems = {
  readonly keys: readonly string[];
  /** A key that an item leaves out counts as its default. */
  readonly items: ItemSchema | undefined;
};

const known = new WeakMap<readonly unknown[], WeakMap<readonly string[], ReadonlyMap<string, unknown>>>();

/** The first item of the list that has the keys of this one. The list must not change afterwards. O(list) once, then O(1). */
export const sameKeyed = (
  list: readonly unknown[],
  { keys, items }: KeyedItems,
  item: Readonly<Record<string, unknown>>,
): unknown => {
  const byKeys = known.get(list) ?? new WeakMap<readonly string[], ReadonlyMap<string, unknown>>();
  known.set(list, byKeys);
  const found = byKeys.get(keys) ?? indexed(list, { keys, items });
  byKeys.set(keys, found);
  return found.get(keyOf(item, { keys, items }));
};

const indexed = (list: readonly unknown[], by: KeyedItems): ReadonlyMap<string, unknown> =>
  new Map(
    list
      .filter(isJsonObject)
      .map((item) => [keyOf(item, by), item] as const)
      .reverse(),
  );

const keyOf = (item: Readonly<Record<string, unknown>>, { keys, items }: KeyedItems): string =>
  canonicalJson(keys.map((key) => ownValue(item, key) ?? ownValue(items?.properties, key)?.default));
