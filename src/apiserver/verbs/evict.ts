// POST pods/eviction. Without PodDisruptionBudgets an eviction is a deletion.
// Source: k8s.io/kubernetes/pkg/registry/core/pod/storage/eviction.go, EvictionREST.
import type { ObjectRef } from '../../client/client.ts';
import type { Eviction } from '../../k8s/generated/types.ts';
import type { Kind } from '../kind.ts';
import type { RequestContext } from '../registry.ts';
import { decodeRequest } from '../schema/decode-request.ts';
import { badRequest } from '../status-errors.ts';
import { askAdmission } from './ask-admission.ts';
import { deleteAdmitted } from './delete.ts';
import { deleteRequestOf } from './delete-request.ts';
import { find } from './machinery.ts';
import type { Machinery } from './machinery.ts';

const EVICTION = {
  group: 'policy',
  version: 'v1',
  resource: 'evictions',
  kind: 'Eviction',
  namespaced: true,
} as const;

/** `kubectl drain --dry-run=server` asks for a dry run in the body only. Throws BadRequest for another pod's eviction. */
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
  deleteAdmitted(machinery, kind, ref, deleteRequestOf(deleteOptions ?? {}), { ...context, dryRun });
};
