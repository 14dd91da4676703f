// Pods by what made them: what people think of as one thing.
import type { Pod } from '../../k8s/generated/types.ts';
import { joinKey } from '../../k8s/objects.ts';
import type { Stored } from '../../k8s/objects.ts';
import type { Workload } from './party-groups.ts';
import { policyPodOf } from './world.ts';

/** A Deployment's pods are of its name, whichever of its ReplicaSets made them; a pod that nothing made is of its own. */
export const workloadsOf = (pods: readonly Stored<Pod>[]): readonly Workload[] => {
  const owned = pods.flatMap((pod) => {
    const policyPod = policyPodOf(pod);
    return policyPod ? [{ owner: ownerOf(pod), pod: policyPod }] : [];
  });
  return [...Map.groupBy(owned, ({ owner }) => owner)]
    .map(([name, some]) => ({ name, pods: some.map(({ pod }) => pod) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
};

/** The key of what made the pod. */
export const ownerOf = ({ metadata }: Stored<Pod>): string => {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  const hash = metadata.labels?.['pod-template-hash'];
  const name = owner?.name ?? metadata.name;
  const isOfDeployment = owner?.kind === 'ReplicaSet' && hash && name.endsWith(`-${hash}`);
  return joinKey(metadata.namespace, isOfDeployment ? name.slice(0, -hash.length - 1) : name);
};
