// The caches of the workload controllers.
import { type Informer, type InformerOptions, whenAllSynced } from '../informer/informer.ts';
import type { Node, Pod } from '../k8s/generated/types.ts';
import type { KubeObject } from '../k8s/objects.ts';
import * as resources from '../k8s/resources.ts';
import { workloadIndexes } from './indexes.ts';

export type StartInformer = <T extends KubeObject>(
  resource: InformerOptions<T>['resource'],
  indexes?: InformerOptions<T>['indexes'],
) => Informer<T>;

/** Starts those that are of workloads alone. Pods and nodes are everybody's. */
export const startWorkloadInformers = (start: StartInformer) => ({
  deployments: start(resources.deployments, workloadIndexes.deployments),
  replicaSets: start(resources.replicaSets, workloadIndexes.replicaSets),
  replicationControllers: start(resources.replicationControllers, workloadIndexes.replicationControllers),
  statefulSets: start(resources.statefulSets, workloadIndexes.statefulSets),
  daemonSets: start(resources.daemonSets, workloadIndexes.daemonSets),
  controllerRevisions: start(resources.controllerRevisions, workloadIndexes.controllerRevisions),
  jobs: start(resources.jobs, workloadIndexes.jobs),
  cronJobs: start(resources.cronJobs),
  persistentVolumeClaims: start(resources.persistentVolumeClaims),
});

/** Pods must have the indexes of `workloadIndexes`. */
export type WorkloadInformers = ReturnType<typeof startWorkloadInformers> & {
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
};

export const whenWorkloadsSynced = (informers: WorkloadInformers): Promise<void> =>
  whenAllSynced(
    informers.deployments,
    informers.replicaSets,
    informers.replicationControllers,
    informers.statefulSets,
    informers.daemonSets,
    informers.controllerRevisions,
    informers.jobs,
    informers.cronJobs,
    informers.persistentVolumeClaims,
    informers.pods,
    informers.nodes,
  );
