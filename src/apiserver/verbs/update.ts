// PUT: the whole object, or its status.
import type { ObjectRef } from '../../client/client.ts';
import type { Draft, Kind, Part } from '../kind.ts';
import type { RequestContext } from '../registry.ts';
import { decodeRequest } from '../schema/decode-request.ts';
import type { StoredObject } from '../store/change.ts';
import { find } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import { spellOutReset, writtenBy } from './ownership.ts';
import { replace, replaceStatus } from './replace.ts';
import { checkRef } from './request-object.ts';

/** Throws the ApiError that kube-apiserver would answer with. */
export const update = (
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  body: unknown,
  context: RequestContext,
  part?: Part,
): StoredObject => {
  const draft = decodeForUpdate(machinery, kind, ref, body, context);
  const ownership = writtenBy(machinery, kind, context, part);
  return replace(machinery, { kind, draft, before: find(machinery, kind, ref), ownership }, context);
};

/** PUT to the status subresource: only the status counts, and labels and annotations. */
export const updateStatus = (
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  body: unknown,
  context: RequestContext,
): StoredObject => {
  const draft = decodeForUpdate(machinery, kind, ref, body, context);
  const ownership = writtenBy(machinery, kind, context, 'status');
  return replaceStatus(machinery, { kind, draft, before: find(machinery, kind, ref), ownership }, context);
};

const decodeForUpdate = (
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  body: unknown,
  context: RequestContext,
): Draft => {
  const draft = decodeRequest(kind.resource, machinery.shape(kind), spellOutReset(body), context);
  checkRef(kind, draft, ref);
  return draft;
};
