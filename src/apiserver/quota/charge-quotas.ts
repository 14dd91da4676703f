// The quotas of a namespace and a write in it: what is used is written together with what uses it, so that it is never
// wrong, whatever comes side by side or fails. kube-apiserver writes it before and has a controller that puts it right.
import type { Pod, ResourceQuota } from '../../k8s/generated/types.ts';
import { type KubeObject, type Stored, keyOf } from '../../k8s/objects.ts';
import { pods, resourceQuotas } from '../../k8s/resources.ts';
import type { Resource } from '../../k8s/resources.ts';
import { equalJson } from '../../lang/json.ts';
import { forbidden } from '../status-errors.ts';
import { inNamespace } from '../store/in-namespace.ts';
import type { Step, Store } from '../store/store.ts';
import { deltaOf, excess, unsaid, usedAfter } from './charge.ts';
import { isInScopes } from './scopes.ts';
import { recounted } from './recount.ts';

export type ChargedWrite = {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly before: KubeObject | undefined;
  /** Undefined on deletion. */
  readonly after: KubeObject | undefined;
};

/** The steps that go with the write. Throws ApiError 403 where a quota has no room: O(quotas of the namespace). */
export const chargeQuotas = (store: Store, write: ChargedWrite): readonly Step[] => {
  const { resource, namespace } = write;
  if (!namespace || resource.resource === 'events') return [];
  const quotas = inNamespace<ResourceQuota>(store, resourceQuotas, namespace).filter(
    (quota) => !isSame(write, quota),
  );
  if (quotas.length === 0) return [];
  checkSaid(quotas, write);
  const charges = quotas.map((quota) => ({ quota, delta: deltaOf(quota, write) }));
  if (isRefusable(write)) for (const { quota, delta } of charges) refuseIf(write, excess(quota, delta));
  return charges
    .filter(({ delta }) => delta.size > 0)
    .map(({ quota, delta }) => ({
      table: store.table(resourceQuotas),
      key: keyOf(quota),
      object: { ...quota, status: { ...quota.status, used: usedAfter(quota, delta) } },
    }));
};

/** The status of a quota that is about to be written. */
export const countFor = (store: Store, quota: ResourceQuota): NonNullable<ResourceQuota['status']> =>
  recounted(quota, (names) => {
    const resource = { ...names, version: '', kind: '', namespaced: true };
    const there = store.has(resource) ? inNamespace(store, resource, quota.metadata?.namespace ?? '') : [];
    if (!isQuotas(names)) return there;
    return [...there.filter(({ metadata }) => metadata.name !== quota.metadata?.name), quota];
  });

const isQuotas = ({ group, resource }: Pick<Resource, 'group' | 'resource'>): boolean =>
  group === '' && resource === resourceQuotas.resource;

const isPods = ({ group, resource }: Resource): boolean => group === '' && resource === pods.resource;

/** The quota that is written counts itself. */
const isSame = ({ resource, before, after }: ChargedWrite, { metadata }: Stored<ResourceQuota>): boolean =>
  isQuotas(resource) && (after ?? before)?.metadata?.name === metadata.name;

const checkSaid = (quotas: readonly Stored<ResourceQuota>[], write: ChargedWrite): void => {
  const { resource, before, after } = write;
  if (!isPods(resource) || before || !after) return;
  for (const quota of quotas)
    if (isInScopes(quota, resource, after)) refuseIf(write, unsaid(quota, after as Pod));
};

/** New objects, and Services and claims that come to take more. What a status says is a fact that nobody can refuse. */
const isRefusable = ({ resource, before, after }: ChargedWrite): boolean => {
  if (!before) return true;
  if (!after || isPods(resource)) return false;
  const [old, now] = [before, after] as { readonly spec?: object }[];
  return !equalJson(old?.spec ?? {}, now?.spec ?? {});
};

const refuseIf = ({ resource, after, before }: ChargedWrite, why: string | undefined): void => {
  if (why) throw forbidden(resource, (after ?? before)?.metadata?.name ?? '', why);
};
