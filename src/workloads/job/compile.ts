// The next step of a Job: pods to make and to delete, pods that are counted and may go, and the status that says so.
// The status is written before the pods let go, or else a pod could be lost between the two.
import type { Job, JobStatus, Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { countFinished } from './count.ts';
import { type PodChanges, managePods } from './manage.ts';
import { completion, outcomeOf } from './outcome.ts';
import { compileStatus } from './status.ts';
import { type JobSnapshot, type Tally, tallyJob } from './tally.ts';

export type JobPlan = PodChanges & {
  /** Their finalizer is to be taken away, after the status is written. */
  readonly release: readonly Stored<Pod>[];
  readonly status: JobStatus;
};

const NO_CHANGES: PodChanges = { create: [], remove: [] };

/** `mayChange`: the cache shows all that was done before. */
export const compileJob = (snapshot: JobSnapshot, mayChange: boolean): JobPlan => {
  const { job } = snapshot;
  const tally = tallyJob(snapshot);
  const early = mayChange ? outcomeOf(snapshot, tally) : undefined;
  const isManaged = mayChange && !early && job.metadata.deletionTimestamp === undefined;
  const changes = early ? { create: [], remove: tally.active } : manage(snapshot, tally, isManaged);
  const active = tally.active.length + changes.create.length - changes.remove.length;
  const outcome = early ?? (mayChange ? completion(job, tally.succeeded, active) : undefined);
  const counted = countFinished(snapshot, tally, outcome);
  return {
    ...changes,
    release: counted.release,
    status: compileStatus(snapshot, {
      ...counted,
      tally,
      outcome,
      isManaged,
      removed: changes.remove,
      active,
    }),
  };
};

const manage = (snapshot: JobSnapshot, tally: Tally, isManaged: boolean): PodChanges =>
  isManaged ? managePods(snapshot, tally) : NO_CHANGES;

export const isManagedElsewhere = ({ spec }: Stored<Job>): boolean =>
  spec?.managedBy !== undefined && spec.managedBy !== 'kubernetes.io/job-controller';
