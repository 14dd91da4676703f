// Members of members by a dotted path, `.spec.replicas`: what scale and field selectors go by.
import { cloneJson, isJsonObject, setMember } from './json.ts';
import type { JsonObject } from './json.ts';
import { ownValue } from './own-value.ts';

const namesOf = (path: string): readonly string[] => path.replace(/^\./, '').split('.');

/** Undefined where a member is missing. */
export const valueAt = (object: object, path: string): unknown =>
  namesOf(path).reduce<unknown>(
    (value, name) => (isJsonObject(value) ? ownValue(value, name) : undefined),
    object,
  );

/** A copy with the member set, and objects made on the way where there are none. */
export const withValueAt = <T extends object>(object: T, path: string, value: unknown): T => {
  const copy = cloneJson(object) as JsonObject;
  const names = namesOf(path);
  let parent = copy;
  for (const name of names.slice(0, -1)) {
    const next = ownValue(parent, name);
    if (!isJsonObject(next)) setMember(parent, name, {});
    parent = ownValue(parent, name) as JsonObject;
  }
  setMember(parent, names.at(-1)!, value);
  return copy as T;
};
