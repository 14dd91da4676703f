// What is left of a patch's value where there is nothing to merge it with.
import { isJsonObject, setMember } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';

/** The value without nulls and directives; undefined if it is a directive itself. */
export const withoutDirectives = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isJsonObject(value)) return value;
  if ('$patch' in value) return undefined;
  const plain: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    const kept = key.startsWith('$') || member === null ? undefined : withoutDirectives(member);
    if (kept !== undefined) setMember(plain, key, kept);
  }
  return plain;
};
