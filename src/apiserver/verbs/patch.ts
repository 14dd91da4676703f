// PATCH: the object as it is now, changed by a patch, in place of the one that is there. Everything from reading to writing
// happens in one go, or again if it does not: only a patch that names a resourceVersion conflicts, like an update.
// Source: k8s.io/apiserver/pkg/endpoints/handlers/patch.go.
import type { ObjectRef, PatchType } from '../../client/client.ts';
import { isJsonObject } from '../../lang/json.ts';
import type { Draft, Kind } from '../kind.ts';
import { applyPatch } from '../patch/apply-patch.ts';
import type { RequestContext, Subresource } from '../registry.ts';
import { DecodeError } from '../schema/decode.ts';
import { strictError, strictProblems } from '../schema/decode-request.ts';
import type { Shape } from '../schema/shape.ts';
import { invalidPatch } from '../status-errors.ts';
import type { StoredObject } from '../store/change.ts';
import { find } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import { spellOutReset, unmanaged, writtenBy } from './ownership.ts';
import { replace, replaceStatus } from './replace.ts';
import { checkRef } from './request-object.ts';
import type { Verb } from './verb.ts';

export type Patch = { readonly type: PatchType; readonly body: unknown };

/** Throws the ApiError that kube-apiserver would answer with. */
export function* patch(
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  change: Patch,
  context: RequestContext,
  subresource?: Exclude<Subresource, 'scale'>,
): Verb<StoredObject> {
  const before = find(machinery, kind, ref);
  const base = namesOwners(change) ? before : unmanaged(before);
  const draft: Draft = patched(machinery.shape(kind), base, change, context);
  checkRef(kind, draft, ref);
  const put = subresource === 'status' ? replaceStatus : replace;
  const ownership = writtenBy(machinery, kind, context, subresource);
  return yield* put(machinery, { kind, draft, before, ownership, subresource }, context);
}

// Patches that have nothing to do with owners, nearly all, need not carry them along.
const namesOwners = ({ body }: Patch): boolean => {
  if (!Array.isArray(body)) return isJsonObject(body) && namesManagedFields(body['metadata']);
  return body.some((operation: unknown) => {
    const { path, from } = (operation ?? {}) as { readonly path?: unknown; readonly from?: unknown };
    return [path, from].some((each) => /^(?:\/metadata(?:\/managedFields.*)?)?$/.test(String(each)));
  });
};

const namesManagedFields = (metadata: unknown): boolean =>
  isJsonObject(metadata) && 'managedFields' in metadata;

/** What a patch makes of an object that has this schema. Throws Invalid or BadRequest. */
export const patched = (shape: Shape, before: object, change: Patch, context: RequestContext): Draft => {
  const result = spellOutReset(applyPatch(shape.root, before, change));
  const { object, unknownFields } = decodeResult(shape, result, change);
  const problems = strictProblems(unknownFields, context);
  if (problems.length > 0) throw invalidPatch(textOf(change, result), strictError(problems));
  return object;
};

const decodeResult = (shape: Shape, result: unknown, change: Patch) => {
  try {
    return shape.decode(result);
  } catch (error) {
    if (error instanceof DecodeError) throw invalidPatch(textOf(change, result), error.message);
    throw error;
  }
};

// A strategic merge patch is quoted as the Go map that it was read into, of the others the result.
const textOf = ({ type, body }: Patch, result: unknown): string =>
  type === 'application/strategic-merge-patch+json' ? goText(body) : JSON.stringify(result);

/** As fmt prints with %+v: `map[spec:map[replicas:x]]`. */
const goText = (value: unknown): string => {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${members.map(([name, member]) => `${name}:${goText(member)}`).join(' ')}]`;
};
