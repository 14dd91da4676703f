// Which pods have ended and are counted now: their uids go into the status, then they lose their finalizer.
// kubernetes pkg/controller/job/job_controller.go trackJobStatusAndRemoveFinalizers (1.36).
import type { Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import type { Outcome } from './outcome.ts';
import { indexOf, isFailed, isIndexed, isTracked } from './pods.ts';
import { type JobSnapshot, type Tally, countsAsFailure } from './tally.ts';

export type Counted = {
  readonly release: readonly Stored<Pod>[];
  /** Uids, with those that the status names already and whose pods have the finalizer still. */
  readonly succeeded: readonly string[];
  readonly failed: readonly string[];
};

/** No more uids than this in the status at once. */
const UNCOUNTED_MAX = 500;

/** Pods that have ended, or that the end of the Job ends. Succeeded pods of an Indexed Job are counted by their index. */
export const countFinished = (snapshot: JobSnapshot, tally: Tally, outcome: Outcome | undefined): Counted => {
  const succeeded = new Set(tally.uncounted.succeeded);
  const failed = new Set(tally.uncounted.failed);
  const release: Stored<Pod>[] = [];
  for (const pod of snapshot.pods) {
    if (!mayRelease(snapshot, pod, tally, outcome)) continue;
    if (succeeded.size + failed.size >= UNCOUNTED_MAX) break;
    release.push(pod);
    const { uid } = pod.metadata;
    if (pod.status?.phase === 'Succeeded' && !failed.has(uid)) {
      if (!isIndexed(snapshot.job)) succeeded.add(uid);
    } else if (isCountedFailure(snapshot, pod, outcome)) failed.add(uid);
  }
  return { release, succeeded: [...succeeded], failed: [...failed] };
};

const mayRelease = (
  { job }: JobSnapshot,
  pod: Stored<Pod>,
  tally: Tally,
  outcome: Outcome | undefined,
): boolean => {
  if (!isTracked(pod)) return false;
  if (job.metadata.deletionTimestamp || outcome || pod.status?.phase === 'Succeeded') return true;
  if (!isFailed(job, pod)) return false;
  const index = indexOf(job, pod);
  return index === undefined || tally.remembered.get(index)?.metadata.uid !== pod.metadata.uid;
};

/** A Job that fails fails all that still runs. */
const isCountedFailure = ({ job }: JobSnapshot, pod: Stored<Pod>, outcome: Outcome | undefined): boolean => {
  const isUsable = !isIndexed(job) || indexOf(job, pod) !== undefined;
  const hasEnded = isFailed(job, pod) || outcome?.type === 'FailureTarget';
  return hasEnded && isUsable && countsAsFailure(job, pod);
};
