// PUT namespaces/finalize: the namespace controller says that a namespace's content is gone.
// Source: k8s.io/kubernetes/pkg/registry/core/namespace/strategy.go, namespaceFinalizeStrategy.
import type { ObjectRef } from '../../client/client.ts';
import { cloneJson } from '../../lang/json.ts';
import type { Draft, Kind } from '../kind.ts';
import type { RequestContext } from '../registry.ts';
import { decodeRequest } from '../schema/decode-request.ts';
import type { StoredObject } from '../store/change.ts';
import { askAdmission, askMutation } from './ask-admission.ts';
import { find } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import { replaceUnchecked } from './replace.ts';
import { checkRef, metaOf } from './request-object.ts';
import type { Verb } from './verb.ts';

/** Takes spec.finalizers from the body and nothing else. The namespace goes when none are left. */
export function* finalize(
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  body: unknown,
  context: RequestContext,
): Verb<StoredObject> {
  const sent = decodeRequest(kind.resource, machinery.shape(kind), body, context);
  checkRef(kind, sent, ref);
  const before = find(machinery, kind, ref);
  const asked = { operation: 'UPDATE', kind, before, through: { subresource: 'finalize' } } as const;
  const whole = withFinalizers(before, sent);
  const changed = yield* askMutation(machinery, { ...asked, draft: whole }, context);
  const draft = changed ? withFinalizers(before, changed as Draft) : whole;
  yield* askAdmission(machinery, { ...asked, draft }, context);
  return replaceUnchecked(machinery, { kind, draft, before }, context);
}

const withFinalizers = (before: StoredObject, sent: Draft): Draft => {
  const { finalizers } = (sent['spec'] ?? {}) as { readonly finalizers?: readonly string[] };
  const draft = cloneJson(before) as Draft;
  const { uid, resourceVersion } = metaOf(sent);
  draft['spec'] = finalizers ? { ...(draft['spec'] as object), finalizers } : {};
  draft.metadata = { ...draft.metadata, uid, resourceVersion };
  return draft;
};
