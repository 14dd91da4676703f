// The workload controllers: Deployments make ReplicaSets, ReplicaSets make pods.
import type { ApiClient } from '../client/client.ts';
import { createEventRecorder } from '../client/event-recorder.ts';
import { whenAllSynced } from '../informer/informer.ts';
import type { Informer } from '../informer/informer.ts';
import type { Deployment, Pod, ReplicaSet } from '../k8s/generated/types.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { type Controllers, startWhenSynced } from '../reconcile/fed-loop.ts';
import type { Loop } from '../reconcile/loop.ts';
import { startDeploymentController } from './deployment/controller.ts';
import { startReplicaSetController } from './replicaset/controller.ts';

export { workloadIndexes } from './indexes.ts';

export type WorkloadsOptions = {
  readonly client: ApiClient;
  /** The informers must have the indexes of `workloadIndexes`. */
  readonly deployments: Informer<Deployment>;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly pods: Informer<Pod>;
  readonly clock: Clock;
  readonly log: Log;
};

/** Starts when the informers have synced. */
export const startWorkloads = (options: WorkloadsOptions): Controllers => {
  const { deployments, replicaSets, pods } = options;
  return startWhenSynced(whenAllSynced(deployments, replicaSets, pods), () => startControllers(options));
};

const startControllers = (options: WorkloadsOptions): readonly Loop[] => {
  const recorder = (component: string) => createEventRecorder({ ...options, component });
  return [
    startDeploymentController({ ...options, events: recorder('deployment-controller') }),
    startReplicaSetController({ ...options, events: recorder('replicaset-controller') }),
  ];
};
