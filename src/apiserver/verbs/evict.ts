// POST pods/eviction: a deletion that asks the pod's PodDisruptionBudget first.
// Source: k8s.io/kubernetes/pkg/registry/core/pod/storage/eviction.go, EvictionREST.
import type { ObjectRef } from '../../client/client.ts';
import type { Eviction, Pod } from '../../k8s/generated/types.ts';
import { type Stored, keyOf } from '../../k8s/objects.ts';
import { podDisruptionBudgets } from '../../k8s/resources.ts';
import { formatTime } from '../../k8s/time.ts';
import { cloneJson } from '../../lang/json.ts';
import type { Draft, Kind } from '../kind.ts';
import type { RequestContext } from '../registry.ts';
import { decodeRequest } from '../schema/decode-request.ts';
import { badRequest } from '../status-errors.ts';
import type { StoredObject } from '../store/change.ts';
import { inNamespace } from '../store/in-namespace.ts';
import { askAdmission, askMutation } from './ask-admission.ts';
import { deleteAdmitted } from './delete.ts';
import { deleteRequestOf } from './delete-request.ts';
import { budgetAfterEviction } from './disruption-budgets.ts';
import { find } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import { replaceUnchecked } from './replace.ts';
import type { Verb } from './verb.ts';

const EVICTION = {
  group: 'policy',
  version: 'v1',
  resource: 'evictions',
  kind: 'Eviction',
  namespaced: true,
} as const;
const DEFINITION = 'io.k8s.api.policy.v1.Eviction';

/** `kubectl drain --dry-run=server` asks for a dry run in the body only. Throws BadRequest for another pod's eviction, 429 if the budget has none left. */
export function* evict(
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  body: unknown,
  asking: RequestContext,
): Verb<void> {
  const shape = machinery.shape({ definition: DEFINITION });
  const sent = decodeRequest(EVICTION, shape, body, asking) as Eviction;
  if (sent.metadata?.name !== ref.name)
    throw badRequest('name in URL does not match name in Eviction object');
  const dryRun = asking.dryRun || (sent.deleteOptions?.dryRun ?? []).length > 0;
  const context = { ...asking, dryRun };
  const before = find(machinery, kind, ref);
  const through = { subresource: 'eviction', type: EVICTION, definition: DEFINITION, object: sent };
  const asked = { operation: 'CREATE', kind, draft: undefined, before, through } as const;
  const eviction = ((yield* askMutation(machinery, asked, context)) as Eviction | undefined) ?? sent;
  yield* askAdmission(machinery, { ...asked, through: { ...through, object: eviction } }, context);
  const dry = { ...context, dryRun: true };
  const request = deleteRequestOf(eviction.deleteOptions ?? {});
  // Whatever refuses the deletion does so before anything is written.
  deleteAdmitted(machinery, kind, ref, request, dry);
  const budget = budgetAfterEviction(
    before as Stored<Pod>,
    inNamespace(machinery.store, podDisruptionBudgets, ref.namespace ?? ''),
    machinery.clock.now(),
  );
  if (dryRun) return;
  if (budget) machinery.store.put(machinery.store.table(podDisruptionBudgets), keyOf(budget), budget);
  noteEviction(machinery, kind, before, context);
  const { uid: _uid, resourceVersion: _version, ...met } = request;
  deleteAdmitted(machinery, kind, ref, met, context);
}

/** The pod says why it ends, for as long as it is still there. */
const noteEviction = (
  machinery: Machinery,
  kind: Kind,
  before: StoredObject,
  context: RequestContext,
): void => {
  const draft = cloneJson(before) as Draft & Pod;
  const others = (draft.status?.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget');
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastTransitionTime: formatTime(machinery.clock.now()),
  };
  const status = { ...draft.status, conditions: [...others, condition] };
  replaceUnchecked(machinery, { kind, draft: { ...draft, status }, before }, context);
};
