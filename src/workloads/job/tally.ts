// A Job's pods, counted. A pod that has ended keeps its finalizer until the Job's status names it: first as uncounted,
// then, when the finalizer is gone, in the counters. So each is counted once, whoever deletes it when (KEP-2307).
import type { Job, Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { isPodActive, isPodFinished, isPodReady } from '../../k8s/pod-state.ts';
import { judgeFailure } from './failure-policy.ts';
import { failedIndexes, rememberedFailures, succeededIndexes } from './index-tally.ts';
import { indexOf, isFailed, isIndexed, isTracked } from './pods.ts';

export type JobSnapshot = {
  readonly job: Stored<Job>;
  /** All pods that the Job owns. */
  readonly pods: readonly Stored<Pod>[];
  readonly nowMs: number;
};

export type Tally = {
  readonly active: readonly Stored<Pod>[];
  readonly ready: number;
  readonly terminating: number;
  /** Uids that the status names and whose pods still have the finalizer. */
  readonly uncounted: { readonly succeeded: ReadonlySet<string>; readonly failed: ReadonlySet<string> };
  /** Of the status, with what is no longer uncounted. */
  readonly counted: { readonly succeeded: number; readonly failed: number };
  /** All that have succeeded, counted or not. */
  readonly succeeded: number;
  /** All failures that count. */
  readonly failed: number;
  readonly succeededIndexes: ReadonlySet<number>;
  /** Indexes that will not be tried again; empty without backoffLimitPerIndex. */
  readonly failedIndexes: ReadonlySet<number>;
  /** With backoffLimitPerIndex: the last failed pod of each index that waits for its next one. */
  readonly remembered: ReadonlyMap<number, Stored<Pod>>;
};

export const tallyJob = (snapshot: JobSnapshot): Tally => {
  const { job, pods } = snapshot;
  const tracked = pods.filter(isTracked);
  const { counted, uncounted } = namedInStatus(job, tracked);
  const fresh = tracked.filter(
    ({ metadata }) => !uncounted.succeeded.has(metadata.uid) && !uncounted.failed.has(metadata.uid),
  );
  const usable = fresh.filter((pod) => !isIndexed(job) || indexOf(job, pod) !== undefined);
  const newSucceeded = usable.filter((pod) => pod.status?.phase === 'Succeeded').length;
  const newFailed = usable.filter((pod) => isFailed(job, pod) && countsAsFailure(job, pod)).length;
  const active = pods.filter(isPodActive);
  const done = succeededIndexes(job, tracked);
  const failed = failedIndexes(job, tracked, done);
  return {
    active,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter((pod) => pod.metadata.deletionTimestamp && !isPodFinished(pod)).length,
    uncounted,
    counted,
    succeeded: isIndexed(job) ? done.size : counted.succeeded + uncounted.succeeded.size + newSucceeded,
    failed: counted.failed + uncounted.failed.size + newFailed,
    succeededIndexes: done,
    failedIndexes: failed,
    remembered: rememberedFailures(job, { tracked, active, over: done.union(failed) }),
  };
};

export const countsAsFailure = (job: Stored<Job>, pod: Stored<Pod>): boolean =>
  judgeFailure(job, pod).action !== 'Ignore';

/** What the status says, where pods that have lost their finalizer since move from the uids into the counters. */
const namedInStatus = (
  { status }: Stored<Job>,
  tracked: readonly Stored<Pod>[],
): Pick<Tally, 'counted' | 'uncounted'> => {
  const held = new Set(tracked.map(({ metadata }) => metadata.uid));
  const named = status?.uncountedTerminatedPods ?? {};
  const [succeeded, failed] = [new Set(named.succeeded), new Set(named.failed)];
  return {
    uncounted: { succeeded: succeeded.intersection(held), failed: failed.intersection(held) },
    counted: {
      succeeded: (status?.succeeded ?? 0) + succeeded.difference(held).size,
      failed: (status?.failed ?? 0) + failed.difference(held).size,
    },
  };
};
