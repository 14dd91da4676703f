// How the workload controllers look objects up; the composition root gives these to the informers.
import { controllerOf } from '../k8s/owner-references.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';

/** By the uid of the controller. */
export const BY_CONTROLLER = 'workloads/controller';
/** By the namespace, only objects without a controller: who may adopt them? */
export const ORPHANS = 'workloads/orphans';
/** By the namespace, all. */
export const BY_NAMESPACE = 'workloads/namespace';

const controllerUid = (object: Stored<KubeObject>): readonly string[] => {
  const controller = controllerOf(object);
  return controller ? [controller.uid] : [];
};

const orphanNamespace = (object: Stored<KubeObject>): readonly string[] =>
  controllerOf(object) ? [] : [object.metadata.namespace ?? ''];

const namespaceOf = ({ metadata }: Stored<KubeObject>): readonly string[] => [metadata.namespace ?? ''];

const owned = { [BY_CONTROLLER]: controllerUid, [ORPHANS]: orphanNamespace };
const owning = { [BY_NAMESPACE]: namespaceOf };

export const workloadIndexes = {
  deployments: owning,
  replicaSets: { ...owned, ...owning },
  replicationControllers: { ...owned, ...owning },
  statefulSets: owning,
  daemonSets: owning,
  controllerRevisions: owned,
  jobs: { ...owned, ...owning },
  pods: owned,
} as const;
