// The workload controllers: Deployments make ReplicaSets, ReplicaSets make pods.
import type { ApiClient } from '../client/client.ts';
import { createEventRecorder } from '../client/event-recorder.ts';
import { whenAllSynced } from '../informer/informer.ts';
import type { Informer } from '../informer/informer.ts';
import type { Deployment, Pod, ReplicaSet } from '../k8s/generated/types.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
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

export type Workloads = { readonly stop: () => Promise<void> };

/** Starts when the informers have synced. */
export const startWorkloads = (options: WorkloadsOptions): Workloads => {
  let loops: readonly Loop[] = [];
  let isStopped = false;
  void whenAllSynced(options.deployments, options.replicaSets, options.pods).then(() => {
    if (!isStopped) loops = startControllers(options);
  });
  return {
    stop: async () => {
      isStopped = true;
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
};

const startControllers = (options: WorkloadsOptions): readonly Loop[] => {
  const recorder = (component: string) => createEventRecorder({ ...options, component });
  return [
    startDeploymentController({ ...options, events: recorder('deployment-controller') }),
    startReplicaSetController({ ...options, events: recorder('replicaset-controller') }),
  ];
};
