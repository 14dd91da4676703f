// Plain JSON values: tell them apart, copy them, compare them.
import { ownValue } from './own-value.ts';

export type JsonObject = { [key: string]: unknown };

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A deep copy that leaves out members that are undefined. Much faster than structuredClone. */
export const cloneJson = <T>(value: T): T => {
  if (Array.isArray(value)) return value.map((item: unknown) => cloneJson(item)) as T;
  if (!isJsonObject(value)) return value;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) {
    if (value[key] !== undefined) setMember(copy, key, cloneJson(value[key]));
  }
  return copy as T;
};

/** Whether two JSON values are the same; the order of members does not matter, nor do undefined ones. */
export const equalJson = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b);
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  return (
    Object.keys(a).every((key) => equalJson(a[key], ownValue(b, key))) &&
    Object.keys(b).every((key) => b[key] === undefined || Object.hasOwn(a, key))
  );
};

/** Sets a member whatever its name is: a plain assignment to `__proto__` would change the prototype instead. */
export const setMember = (object: JsonObject, key: string, value: unknown): void => {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
};

const equalLists = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, index) => equalJson(item, b[index]));
