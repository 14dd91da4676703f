// The indexes of an Indexed Job: which are done, which are given up, and what is known of the others' failures (KEP-3850).
import type { Job, Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { judgeFailure } from './failure-policy.ts';
import { parseIndexes } from './indexes.ts';
import { failuresBefore, finishedMs, indexOf, isFailed, isIndexed } from './pods.ts';

type Indexes = ReadonlySet<number>;

/** Those that the status names, and those of pods that have succeeded since. `tracked`: pods with the finalizer. */
export const succeededIndexes = (job: Stored<Job>, tracked: readonly Stored<Pod>[]): Indexes => {
  if (!isIndexed(job)) return new Set();
  const indexes = new Set(parseIndexes(job.status?.completedIndexes, job.spec?.completions ?? 0));
  for (const pod of tracked) {
    const index = pod.status?.phase === 'Succeeded' ? indexOf(job, pod) : undefined;
    if (index !== undefined) indexes.add(index);
  }
  return indexes;
};

/** Those that will not be tried again. */
export const failedIndexes = (
  job: Stored<Job>,
  tracked: readonly Stored<Pod>[],
  succeeded: Indexes,
): Indexes => {
  const limit = job.spec?.backoffLimitPerIndex;
  if (limit === undefined) return new Set();
  const indexes = new Set(parseIndexes(job.status?.failedIndexes, job.spec?.completions ?? 0));
  for (const pod of tracked) {
    const index = isFailed(job, pod) ? indexOf(job, pod) : undefined;
    if (index === undefined || succeeded.has(index)) continue;
    const { action } = judgeFailure(job, pod);
    const isLast = action !== 'Ignore' && failuresBefore(pod).counted >= limit;
    if (action === 'FailIndex' || isLast) indexes.add(index);
  }
  return indexes;
};

type Sorted = {
  readonly tracked: readonly Stored<Pod>[];
  readonly active: readonly Stored<Pod>[];
  /** Indexes that are done or given up. */
  readonly over: Indexes;
};

/** The last failed pod of an index knows how often the index has failed: it stays until the next pod has taken that over. */
export const rememberedFailures = (
  job: Stored<Job>,
  { tracked, active, over }: Sorted,
): ReadonlyMap<number, Stored<Pod>> => {
  const last = new Map<number, Stored<Pod>>();
  if (job.spec?.backoffLimitPerIndex === undefined) return last;
  const busy = new Set(active.map((pod) => indexOf(job, pod)));
  for (const pod of tracked) {
    const index = isFailed(job, pod) ? indexOf(job, pod) : undefined;
    if (index === undefined || busy.has(index) || over.has(index)) continue;
    const known = last.get(index);
    if (!known || isLater(pod, known)) last.set(index, pod);
  }
  return last;
};

const isLater = (a: Stored<Pod>, b: Stored<Pod>): boolean => {
  const more = absolute(a) - absolute(b);
  return more === 0 ? finishedMs(a) > finishedMs(b) : more > 0;
};

const absolute = (pod: Stored<Pod>): number => {
  const { counted, ignored } = failuresBefore(pod);
  return counted + ignored;
};
