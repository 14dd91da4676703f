// Pods whose Job is gone, or over: nobody will count them, so nothing may hold them.
import type { ApiClient } from '../../client/client.ts';
import type { Informer } from '../../informer/informer.ts';
import { isConflict } from '../../k8s/api-error.ts';
import type { Job, Pod } from '../../k8s/generated/types.ts';
import { jobEnd } from '../../k8s/job-state.ts';
import { type Stored, joinKey, keyOf } from '../../k8s/objects.ts';
import { controllerOf } from '../../k8s/owner-references.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { fedBy } from '../../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import type { Loop } from '../../reconcile/loop.ts';
import { BY_CONTROLLER } from '../indexes.ts';
import { releasePods } from './apply.ts';
import { isManagedElsewhere } from './compile.ts';
import { isTracked } from './pods.ts';

export type JobOrphansOptions = {
  readonly client: ApiClient;
  readonly jobs: Informer<Job>;
  readonly pods: Informer<Pod>;
  readonly clock: Clock;
  readonly log: Log;
};

const CONCURRENCY = 5;

export const startJobOrphans = (options: JobOrphansOptions): Loop => {
  const { client, jobs, pods, clock, log } = options;
  const loop = startKeyedLoop({
    name: 'job-orphans',
    concurrency: CONCURRENCY,
    isExpected: isConflict,
    reconcile: async (key) => {
      const pod = pods.get(key);
      if (pod && isOrphan(jobs, pod)) await releasePods({ client }, [pod]);
    },
    clock,
    log,
  });
  return fedBy(loop, [
    jobs.subscribe(({ before, after }) => {
      if (before && !after)
        for (const pod of pods.byIndex(BY_CONTROLLER, before.metadata.uid)) loop.mark(keyOf(pod));
    }),
    pods.subscribe(({ key, after }) => {
      if (after && isOrphan(jobs, after)) loop.mark(key);
    }),
  ]);
};

const isOrphan = (jobs: Informer<Job>, pod: Stored<Pod>): boolean => {
  if (!isTracked(pod)) return false;
  const owner = controllerOf(pod);
  if (owner?.kind !== 'Job') return true;
  const job = jobs.get(joinKey(pod.metadata.namespace, owner.name));
  if (job?.metadata.uid !== owner.uid) return true;
  return jobEnd(job) !== undefined && !isManagedElsewhere(job);
};
