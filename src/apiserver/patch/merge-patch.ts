// JSON merge patch. RFC 7386.
import { isJsonObject, setMember } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import { ownValue } from '../../lang/own-value.ts';

/** A new value; shares what the patch did not touch with the target. */
export const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (!isJsonObject(patch)) return patch;
  const merged: JsonObject = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else setMember(merged, name, mergePatch(ownValue(merged, name), value));
  }
  return merged;
};
