// Equality as CEL defines it: across number types by value, deep for lists and maps, by x-kubernetes-list-type for sets and maps.
import {
  CelError,
  Duration,
  Message,
  Opaque,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
  elementsOf,
  isList,
  isMap,
} from './value.ts';
import type { CelMap, List, Value } from './value.ts';
import { work } from './work.ts';

/** Whether two values are equal; values of different types are not, numbers aside. */
export const equal = (a: Value, b: Value): boolean => {
  if (typeof a === 'string' || typeof a === 'boolean' || a === null) return a === b;
  const [left, right] = [numeric(a), numeric(b)];
  // A bigint and a number compare exactly by `==` in JavaScript, with NaN equal to nothing.
  // oxlint-disable-next-line eqeqeq
  if (left !== undefined) return right !== undefined && left == right;
  return typeof b === 'object' && b !== null && equalObjects(a, b);
};

/** The number of an int, uint or double. */
export const numeric = (value: Value): bigint | number | undefined => {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof Uint ? value.value : undefined;
};

const equalObjects = (a: Value, b: Value): boolean => {
  if (isList(a)) return isList(b) && equalLists(a, b);
  if (isMap(a)) return isMap(b) && messageType(a) === messageType(b) && equalMaps(a, b);
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.typeName === b.typeName;
  if (a instanceof Opaque) return b instanceof Opaque && a.typeName === b.typeName && a.equals(b.data);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && equalBytes(a, b);
  return a instanceof Optional && b instanceof Optional && equalOptionals(a, b);
};

const messageType = (map: CelMap): string | undefined => (map instanceof Message ? map.typeName : undefined);

const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

const equalOptionals = (a: Optional, b: Optional): boolean =>
  a.value === undefined || b.value === undefined ? a.value === b.value : equal(a.value, b.value);

const equalMaps = (a: CelMap, b: CelMap): boolean => {
  if (a.size !== b.size) return false;
  work(a.size);
  return a.keys().every((key) => {
    const [left, right] = [a.find(key), b.find(key)];
    return left !== undefined && right !== undefined && equal(left, right);
  });
};

const equalLists = (a: List, b: List): boolean => {
  if (a.size !== b.size) return false;
  work(a.size);
  if (a.semantics.kind === 'atomic') {
    for (let i = 0; i < a.size; i++) if (!equal(a.at(i), b.at(i))) return false;
    return true;
  }
  const byKey = keyed(a, a);
  return keyed(a, b)
    .entries()
    .every(([key, value]) => byKey.has(key) && equal(byKey.get(key)!, value));
};

/** Elements by the key that a list's semantics give them. */
const keyed = (list: List, elements: List): Map<string, Value> =>
  new Map(elementsOf(elements).map((element) => [elementKey(list, element), element]));

/** The key of an element of a set (its value) or of a map list (its key fields), as text. */
export const elementKey = (list: List, element: Value): string => {
  if (list.semantics.kind !== 'map') return scalarKey(element);
  const { keys } = list.semantics;
  if (!isMap(element))
    throw new CelError('unexpected data format for element of array with x-kubernetes-list-type=map');
  return JSON.stringify(keys.map((key) => scalarKey(element.find(key) ?? null)));
};

const scalarKey = (value: Value): string => {
  const number = numeric(value);
  if (number !== undefined) return `n${number}`;
  if (isList(value) || isMap(value)) work(value.size);
  if (isList(value)) return JSON.stringify(elementsOf(value).map(scalarKey));
  if (isMap(value)) {
    return JSON.stringify(
      value
        .keys()
        .map((key) => [scalarKey(key), scalarKey(value.find(key) ?? null)])
        .toSorted(([a], [b]) => (a! < b! ? -1 : 1)),
    );
  }
  if (value instanceof Timestamp || value instanceof Duration) return `t${value.nanos}`;
  return `${typeof value}${value instanceof Uint8Array ? value.join() : value}`;
};
