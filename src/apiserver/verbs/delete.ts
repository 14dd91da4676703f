// DELETE: one object, or all that a selection selects.
import type { DeleteRequest, ObjectRef } from '../../client/client.ts';
import type { KubeObject, StoredMeta } from '../../k8s/objects.ts';
import { cloneJson, equalJson } from '../../lang/json.ts';
import type { Draft, Kind } from '../kind.ts';
import type { DeleteResult, RequestContext, Selection } from '../registry.ts';
import type { StoredObject } from '../store/change.ts';
import { listNow } from '../store/list.ts';
import { selectorOf } from '../store/selector.ts';
import { planDeletion } from './deletion.ts';
import { askAdmission, askMutation } from './ask-admission.ts';
import { find, keyFor, lookUp, tableOf } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import { checkMayBeDeleted } from './namespace-lifecycle.ts';
import { discard, save } from './save.ts';
import { untilCurrent } from './verb.ts';
import type { Verb } from './verb.ts';

/** Throws NotFound, Conflict for a precondition, Forbidden for a namespace that must stay, or what admission says. */
export function* deleteOne(
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  request: DeleteRequest,
  context: RequestContext,
): Verb<DeleteResult> {
  const before = find(machinery, kind, ref);
  checkMayBeDeleted(kind, ref.name);
  const asked = { operation: 'DELETE', kind, draft: undefined, before } as const;
  yield* askMutation(machinery, asked, context);
  yield* askAdmission(machinery, asked, context);
  return deleteAdmitted(machinery, kind, ref, request, context);
}

/** The same where admission has been asked already: about the eviction that it is. */
export const deleteAdmitted = (
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  request: DeleteRequest,
  context: RequestContext,
): DeleteResult => {
  const before = find(machinery, kind, ref);
  const key = keyFor(kind, ref);
  const plan = planDeletion(kind, before, request, machinery.clock.now());
  if (plan.kind === 'pending') return { object: before, gone: false };
  if (plan.kind === 'remove')
    return { object: discard(machinery, kind, { key, before }, context), gone: true };
  const draft = markedDraft(kind, before, plan.metadata, machinery.clock.now());
  if (equalJson(draft, before)) return { object: before, gone: false };
  return { object: save(machinery, { kind, key, draft, before }, context), gone: false };
};

/** Deletes all objects of a kind that goes: nobody is asked. */
export const deleteAll = (machinery: Machinery, kind: Kind, context: RequestContext): void => {
  for (const { metadata } of listNow(tableOf(machinery, kind), selectorOf(kind, {})))
    deleteAdmitted(machinery, kind, metadata, {}, context);
};

/** Deletes what the selection selects, all in one go if no webhook has to be asked. */
export function* deleteSelected(
  machinery: Machinery,
  kind: Kind,
  selection: Selection,
  request: DeleteRequest,
  context: RequestContext,
): Verb<readonly StoredObject[]> {
  const deleted: StoredObject[] = [];
  for (const { metadata } of listNow(tableOf(machinery, kind), selectorOf(kind, selection))) {
    const result = yield* untilCurrent(() => deletePresent(machinery, kind, metadata, request, context));
    if (result) deleted.push(result.object);
  }
  return deleted;
}

// Others may have been quicker.
function* deletePresent(
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  request: DeleteRequest,
  context: RequestContext,
): Verb<DeleteResult | undefined> {
  if (!lookUp(machinery, kind, keyFor(kind, ref))) return undefined;
  return yield* deleteOne(machinery, kind, ref, request, context);
}

// Some also say in their status that they are going away.
const markedDraft = (
  { subresources, deletion }: Kind,
  before: StoredObject,
  metadata: StoredMeta,
  nowMs: number,
): Draft => {
  const copy = cloneJson(before) as KubeObject;
  const isFirst = before.metadata.deletionTimestamp === undefined;
  const marked = isFirst && deletion ? deletion.mark(copy, nowMs) : copy;
  const draft: Draft = { ...(marked as Draft), metadata: { ...metadata } };
  if (subresources.includes('finalize'))
    draft['status'] = { ...(draft['status'] as object | undefined), phase: 'Terminating' };
  return draft;
};
