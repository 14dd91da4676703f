// PUT: the whole object, or its status.
import type { ObjectRef } from '../../client/client.ts';
import { invalid as invalidField } from '../../k8s/field-errors.ts';
import type { Draft, Kind, Part } from '../kind.ts';
import type { RequestContext } from '../registry.ts';
import { decodeRequest } from '../schema/decode-request.ts';
import { invalid } from '../status-errors.ts';
import type { StoredObject } from '../store/change.ts';
import { find } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import { spellOutReset, writtenBy } from './ownership.ts';
import { replace, replaceStatus } from './replace.ts';
import { checkRef, metaOf } from './request-object.ts';
import type { Verb } from './verb.ts';

/** Throws the ApiError that kube-apiserver would answer with. */
export function* update(
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  body: unknown,
  context: RequestContext,
  part?: Part,
): Verb<StoredObject> {
  const draft = decodeForUpdate(machinery, kind, ref, body, context);
  checkNamesVersion(kind, draft);
  const ownership = writtenBy(machinery, kind, context, part);
  const before = find(machinery, kind, ref);
  return yield* replace(machinery, { kind, draft, before, ownership, subresource: part }, context);
}

/** PUT to the status subresource: only the status counts, and labels and annotations. */
export function* updateStatus(
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  body: unknown,
  context: RequestContext,
): Verb<StoredObject> {
  const draft = decodeForUpdate(machinery, kind, ref, body, context);
  const ownership = writtenBy(machinery, kind, context, 'status');
  const before = find(machinery, kind, ref);
  return yield* replaceStatus(machinery, { kind, draft, before, ownership }, context);
}

// Of kinds that nobody may overwrite without having seen what is there.
const checkNamesVersion = ({ resource, needsVersion }: Kind, draft: Draft): void => {
  const { name, resourceVersion } = metaOf(draft);
  if (needsVersion && !resourceVersion)
    throw invalid(resource, name ?? '', [
      invalidField('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
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
