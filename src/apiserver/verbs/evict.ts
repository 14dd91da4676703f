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
import { askAdmission } from './ask-admission.ts';
import { deleteAdmitted } from './delete.ts';
import { deleteRequestOf } from './delete-request.ts';
import { budgetAfterEviction } from './disruption-budgets.ts';
import { find } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import { replaceUnchecked } from './replace.ts';

const EVICTION = {
  group: 'policy',
  version: 'v1',
  resource: 'evictions',
  kind: 'Eviction',
  namespaced: true,
} as const;

/** `kubectl drain --dry-run=server` asks for a dry run in the body only. Throws BadRequest for another pod's eviction, 429 if the budget has none left. */
export const evict = (
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  body: unknown,
  context: RequestContext,
): void => {
  const shape = machinery.shape({ definition: 'io.k8s.api.policy.v1.Eviction' });
  const eviction = decodeRequest(EVICTION, shape, body, context) as Eviction;
  const { metadata, deleteOptions } = eviction;
  if (metadata?.name !== ref.name) throw badRequest('name in URL does not match name in Eviction object');
  const dryRun = context.dryRun || (deleteOptions?.dryRun ?? []).length > 0;
  const through = { subresource: 'eviction', type: EVICTION, object: eviction };
  const before = find(machinery, kind, ref);
  askAdmission(
    machinery,
    { operation: 'CREATE', kind, draft: undefined, before, through },
    { ...context, dryRun },
  );
  const dry = { ...context, dryRun: true };
  const request = deleteRequestOf(deleteOptions ?? {});
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
};

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
