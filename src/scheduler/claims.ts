// Claims of a pod that keep it waiting: nothing here makes volumes that outlive a pod, but a provisioner of the user's may.
// kubernetes pkg/scheduler/framework/plugins/volumebinding (1.36).
import type { PersistentVolumeClaim, Pod } from '../k8s/generated/types.ts';
import { type Stored, joinKey } from '../k8s/objects.ts';

/** Why no node can take the pod now, in kube-scheduler's words; undefined if its claims are bound, or it has none. */
export const claimReason = (
  { metadata, spec }: Stored<Pod>,
  claimOf: (key: string) => Stored<PersistentVolumeClaim> | undefined,
): string | undefined => {
  for (const { name, persistentVolumeClaim, ephemeral } of spec?.volumes ?? []) {
    if (!persistentVolumeClaim && !ephemeral) continue;
    const claimName = persistentVolumeClaim?.claimName ?? `${metadata.name}-${name}`;
    const claim = claimOf(joinKey(metadata.namespace, claimName));
    if (!claim) return `persistentvolumeclaim "${claimName}" not found`;
    if (claim.metadata.deletionTimestamp) return `persistentvolumeclaim "${claimName}" is being deleted`;
    if (claim.status?.phase !== 'Bound') return 'pod has unbound immediate PersistentVolumeClaims';
  }
  return undefined;
};
