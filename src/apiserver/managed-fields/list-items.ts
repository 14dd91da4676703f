// The items of a list by what tells them apart: their keys, or the values themselves.
// Source: sigs.k8s.io/structured-merge-diff/typed/helpers.go, listItemToPathElement.
import { isJsonObject } from '../../lang/json.ts';
import { ownValue } from '../../lang/own-value.ts';
import { indexElement, keyElement, valueElement } from './field-path.ts';
import type { ListType } from './field-type.ts';

/** An item's path element, or why it has none. */
export type Identity =
  | { readonly ok: true; readonly element: string }
  | { readonly ok: false; readonly problem: string };

export const identify = (type: ListType, item: unknown): Identity =>
  type.merges === 'by keys' ? identifyByKeys(type, item) : identifyValue(item);

const identifyByKeys = ({ keys }: ListType, item: unknown): Identity => {
  if (item === null) return refused('associative list with keys may not have a null element');
  if (!isJsonObject(item)) return refused('associative list with keys may not have non-map elements');
  const found = keys
    .map(({ name, byDefault }) => [name, ownValue(item, name) ?? byDefault] as const)
    .filter(([, value]) => value !== undefined);
  if (found.length > 0) return { ok: true, element: keyElement(found) };
  const names = `[${keys.map(({ name }) => JSON.stringify(name)).join(' ')}]`;
  return refused(
    `associative list with keys has an element that omits all key fields ${names} (and doesn't have default values for any key fields)`,
  );
};

const identifyValue = (item: unknown): Identity => {
  if (item === null) return refused("associative list without keys has an element that's an explicit null");
  if (Array.isArray(item)) return refused('not supported: associative list with lists as elements');
  if (typeof item === 'object')
    return refused("associative list without keys has an element that's a map type");
  return { ok: true, element: valueElement(item) };
};

const refused = (problem: string): Identity => ({ ok: false, problem });

/** The element of an item that is stored; the API lets some in that cannot be told apart: those go by their place. */
export const elementOf = (type: ListType, item: unknown, index: number): string => {
  const identity = identify(type, item);
  return identity.ok ? identity.element : indexElement(index);
};

/** The items by element, in order; most elements have one item, but the API does not forbid more everywhere. */
export const itemsByElement = (
  type: ListType,
  list: readonly unknown[],
): ReadonlyMap<string, readonly unknown[]> => {
  const items = new Map<string, unknown[]>();
  for (const [index, item] of list.entries()) {
    const element = elementOf(type, item, index);
    const same = items.get(element);
    if (same) same.push(item);
    else items.set(element, [item]);
  }
  return items;
};
