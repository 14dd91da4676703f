// A patch of any of the three types, applied to a copy.
import type { PatchType } from '../../client/client.ts';
import { isJsonObject } from '../../lang/json.ts';
import type { ObjectNode } from '../schema/schema.ts';
import { badRequest } from '../status-errors.ts';
import { applyJsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { strategicMerge } from './strategic-merge.ts';

/** Throws BadRequest for what is not a patch, Invalid for one that does not fit the object. */
export const applyPatch = (
  root: ObjectNode | undefined,
  object: object,
  { type, body }: { readonly type: PatchType; readonly body: unknown },
): unknown => {
  if (type === 'application/json-patch+json') return applyJsonPatch(object, body);
  if (!isJsonObject(body)) throw badRequest('error decoding patch: the patch must be an object');
  if (type === 'application/merge-patch+json') return mergePatch(object, body);
  if (!root) throw badRequest('strategic merge patch is not supported on custom resources');
  return strategicMerge(root, { ...object }, body);
};
