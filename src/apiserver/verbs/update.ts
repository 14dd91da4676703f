// PUT: the whole object, or its status.
import type { ObjectRef } from '../../client/client.ts';
import type { Draft, Kind } from '../kind.ts';
import type { RequestContext } from '../registry.ts';
import { decodeRequest } from '../schema/decode-request.ts';
import { badRequest } from '../status-errors.ts';
import type { StoredObject } from '../store/change.ts';
import { metaOf, placed } from './create.ts';
import { find } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import { replace, replaceStatus } from './replace.ts';

/** Throws the ApiError that kube-apiserver would answer with. */
export const update = (
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  body: unknown,
  context: RequestContext,
): StoredObject => {
  const draft = decodeForUpdate(machinery, kind, ref, body, context);
  return replace(machinery, { kind, draft, before: find(machinery, kind, ref) }, context);
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
  return replaceStatus(machinery, { kind, draft, before: find(machinery, kind, ref) }, context);
};

const decodeForUpdate = (
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  body: unknown,
  context: RequestContext,
): Draft => {
  const draft = decodeRequest(kind, machinery.schema(kind.definition), body, context);
  checkRef(kind, draft, ref);
  return draft;
};

/** The object must be the one that the URL names. */
export const checkRef = (kind: Kind, draft: Draft, { name, namespace }: ObjectRef): void => {
  const meta = metaOf(draft);
  if (!meta.name)
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  if (meta.name !== name)
    throw badRequest(`the name of the object (${meta.name}) does not match the name on the URL (${name})`);
  placed(kind, namespace, meta);
};
