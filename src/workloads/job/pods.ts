// What has become of a Job's pods. kubernetes pkg/controller/job/{job_controller,indexed_job_utils,backoff_utils}.go (1.36).
import type { Job, Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { podCondition } from '../../k8s/pod-state.ts';
import { parseTime } from '../../k8s/time.ts';

/** Keeps a pod until it is counted, however it is deleted. */
export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking';
/** A label and an annotation of a pod of an Indexed Job. */
export const INDEX = 'batch.kubernetes.io/job-completion-index';
/** Annotations: how often the pod's index had failed before this pod; without and with the policy's `Ignore`. */
export const INDEX_FAILURES = 'batch.kubernetes.io/job-index-failure-count';
export const INDEX_IGNORED_FAILURES = 'batch.kubernetes.io/job-index-ignored-failure-count';

export const isIndexed = ({ spec }: Stored<Job>): boolean => spec?.completionMode === 'Indexed';

export const isTracked = ({ metadata }: Stored<Pod>): boolean =>
  (metadata.finalizers ?? []).includes(TRACKING_FINALIZER);

/** Undefined for a pod without a usable index. */
export const indexOf = (job: Stored<Job>, { metadata }: Stored<Pod>): number | undefined => {
  const text = metadata.annotations?.[INDEX] ?? '';
  const index = Number(text);
  return /^\d+$/.test(text) && index < (job.spec?.completions ?? 0) ? index : undefined;
};

/** Before this pod. */
export type IndexFailures = { readonly counted: number; readonly ignored: number };

export const failuresBefore = ({ metadata }: Stored<Pod>): IndexFailures => {
  const count = (name: string): number => Number(metadata.annotations?.[name] ?? 0) || 0;
  return { counted: count(INDEX_FAILURES), ignored: count(INDEX_IGNORED_FAILURES) };
};

/** A pod that is on its way out counts as failed, unless its Job waits until it really is. */
export const isFailed = (job: Stored<Job>, { metadata, status }: Stored<Pod>): boolean => {
  if (status?.phase === 'Failed') return true;
  if (replacesOnlyFailed(job)) return false;
  return metadata.deletionTimestamp !== undefined && status?.phase !== 'Succeeded';
};

export const replacesOnlyFailed = ({ spec }: Stored<Job>): boolean =>
  spec?.podReplacementPolicy === 'Failed' || spec?.podFailurePolicy !== undefined;

/** Milliseconds since the epoch: the last container's end, or the best guess. */
export const finishedMs = (pod: Stored<Pod>): number => {
  const { metadata, status } = pod;
  const ends = (status?.containerStatuses ?? []).map(({ state }) => parseTime(state?.terminated?.finishedAt));
  const last = Math.max(...ends.filter((endMs) => !Number.isNaN(endMs)));
  if (last > 0) return last;
  const ready = podCondition(pod, 'Ready');
  const guesses = [
    ready?.status === 'False' ? ready.lastTransitionTime : undefined,
    metadata.deletionTimestamp,
    metadata.creationTimestamp,
  ];
  return parseTime(guesses.find(Boolean));
};
