// POST pods/eviction. Without PodDisruptionBudgets an eviction is a deletion.
// Source: k8s.io/kubernetes/pkg/registry/core/pod/storage/eviction.go, EvictionREST.
import type { ObjectRef } from '../../client/client.ts';
import type { Eviction } from '../../k8s/generated/types.ts';
import type { Kind } from '../kind.ts';
import type { RequestContext } from '../registry.ts';
import { decodeRequest } from '../schema/decode-request.ts';
import { badRequest } from '../status-errors.ts';
import { askAdmission, askMutation } from './ask-admission.ts';
import { deleteAdmitted } from './delete.ts';
import { deleteRequestOf } from './delete-request.ts';
import { find } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import type { Verb } from './verb.ts';

const EVICTION = {
  group: 'policy',
  version: 'v1',
  resource: 'evictions',
  kind: 'Eviction',
  namespaced: true,
} as const;
const DEFINITION = 'io.k8s.api.policy.v1.Eviction';

/** `kubectl drain --dry-run=server` asks for a dry run in the body only. Throws BadRequest for another pod's eviction. */
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
  deleteAdmitted(machinery, kind, ref, deleteRequestOf(eviction.deleteOptions ?? {}), context);
}
