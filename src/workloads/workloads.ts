// The workload controllers: Deployments make ReplicaSets; CronJobs make Jobs; the others make pods.
import type { ApiClient } from '../client/client.ts';
import { createEventRecorder } from '../client/event-recorder.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { type Controllers, startWhenSynced } from '../reconcile/fed-loop.ts';
import type { Loop } from '../reconcile/loop.ts';
import { startCronJobController } from './cronjob/controller.ts';
import { startDaemonSetController } from './daemonset/controller.ts';
import { startDeploymentController } from './deployment/controller.ts';
import { type WorkloadInformers, whenWorkloadsSynced } from './informers.ts';
import { startJobController } from './job/controller.ts';
import { startJobOrphans } from './job/orphans.ts';
import { startReplicaSetController } from './replicaset/controller.ts';
import { REPLICATION_CONTROLLER, REPLICA_SET } from './replicaset/kinds.ts';
import { startStatefulSetController } from './statefulset/controller.ts';

export { workloadIndexes } from './indexes.ts';
export { startWorkloadInformers } from './informers.ts';

export type WorkloadsOptions = WorkloadInformers & {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly log: Log;
};

/** Starts when the informers have synced. */
export const startWorkloads = (options: WorkloadsOptions): Controllers =>
  startWhenSynced(whenWorkloadsSynced(options), () => startControllers(options));

const startControllers = (options: WorkloadsOptions): readonly Loop[] => {
  const of = (component: string) => ({
    ...options,
    events: createEventRecorder({ ...options, component }),
  });
  const { replicaSets, replicationControllers } = options;
  return [
    startDeploymentController(of('deployment-controller')),
    startReplicaSetController({ ...of('replicaset-controller'), kind: REPLICA_SET, owners: replicaSets }),
    startReplicaSetController({
      ...of('replication-controller'),
      kind: REPLICATION_CONTROLLER,
      owners: replicationControllers,
    }),
    startStatefulSetController(of('statefulset-controller')),
    startDaemonSetController(of('daemonset-controller')),
    startJobController(of('job-controller')),
    startJobOrphans(options),
    startCronJobController(of('cronjob-controller')),
  ];
};
