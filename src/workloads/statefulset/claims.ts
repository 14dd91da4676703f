// To whom the claims of a StatefulSet's pods belong, and so with whom they are deleted (KEP-1847).
import type { OwnerReference, PersistentVolumeClaim, Pod, StatefulSet } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { apiVersionOf, pods as podResource, statefulSets } from '../../k8s/resources.ts';
import { equalJson } from '../../lang/json.ts';
import { ordinalOf, startOrdinal } from './identity.ts';

/**
 * The owners that the policy wants on a pod's claim, undefined when it has them already. A pod that is scaled away takes
 * its claims along if `whenScaled` says so; all go with the set if `whenDeleted` does.
 */
export const claimOwners = (
  set: Stored<StatefulSet>,
  pod: Stored<Pod>,
  { metadata }: Stored<PersistentVolumeClaim>,
): readonly OwnerReference[] | undefined => {
  const present = metadata.ownerReferences ?? [];
  const isOurs = ({ uid }: OwnerReference): boolean => uid === set.metadata.uid || uid === pod.metadata.uid;
  const wanted = [...present.filter((owner) => !isOurs(owner)), ...ownerBy(set, pod)];
  return equalJson(wanted, present) ? undefined : wanted;
};

const ownerBy = (set: Stored<StatefulSet>, pod: Stored<Pod>): readonly OwnerReference[] => {
  const { whenDeleted, whenScaled } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {};
  const place = ordinalOf(set, pod) - startOrdinal(set);
  const isCondemned = place < 0 || place >= (set.spec?.replicas ?? 1);
  if (isCondemned && whenScaled === 'Delete') return [reference(podResource, pod)];
  return whenDeleted === 'Delete' ? [reference(statefulSets, set)] : [];
};

const reference = (
  resource: typeof podResource | typeof statefulSets,
  { metadata }: Stored<Pod> | Stored<StatefulSet>,
): OwnerReference => ({
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
  name: metadata.name,
  uid: metadata.uid,
});
