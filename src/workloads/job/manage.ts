// Which pods a Job that goes on lacks, and which it has too many. kubernetes pkg/controller/job manageJob (1.36).
import type { Job, Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { isPodFinished, isPodReady } from '../../k8s/pod-state.ts';
import { parseTime } from '../../k8s/time.ts';
import { indexRetryMs, retryMs } from './back-off.ts';
import type { PodPlace } from './new-pod.ts';
import { type IndexFailures, failuresBefore, indexOf, isIndexed, replacesOnlyFailed } from './pods.ts';
import { type JobSnapshot, type Tally, countsAsFailure } from './tally.ts';

export type PodChanges = {
  /** One for each pod; undefined for one without index. */
  readonly create: readonly (PodPlace | undefined)[];
  readonly remove: readonly Stored<Pod>[];
  /** When to look again because of a back-off, in milliseconds since the epoch. */
  readonly retryMs?: number;
};

const BURST_PODS = 500;

export const managePods = (snapshot: JobSnapshot, tally: Tally): PodChanges => {
  const { job } = snapshot;
  const { active } = tally;
  if (job.spec?.suspend) return { create: [], remove: active };
  const wanted = wantedPods(snapshot, tally);
  const remove = excess(snapshot, tally, active.length - wanted).slice(0, BURST_PODS);
  if (remove.length > 0) return { create: [], remove };
  const leaving = replacesOnlyFailed(job) ? tally.terminating : 0;
  const missing = Math.min(wanted - leaving - active.length, BURST_PODS);
  return missing > 0 ? addPods(snapshot, tally, missing) : { create: [], remove: [] };
};

const wantedPods = ({ job }: JobSnapshot, { active, succeeded }: Tally): number => {
  const parallelism = job.spec?.parallelism ?? 1;
  const completions = job.spec?.completions;
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(completions - succeeded, parallelism));
};

/** Pods whose index is done or taken go in any case; then those that have come least far. */
const excess = (snapshot: JobSnapshot, tally: Tally, count: number): readonly Stored<Pod>[] => {
  const { job } = snapshot;
  const ranked = tally.active.toSorted(leastFirst);
  if (!isIndexed(job)) return ranked.slice(0, Math.max(0, count));
  const taken = new Set<number>();
  const isMisplaced = (pod: Stored<Pod>): boolean => {
    const index = indexOf(job, pod);
    const isOver = index === undefined || tally.succeededIndexes.has(index) || tally.failedIndexes.has(index);
    if (isOver || taken.has(index)) return true;
    taken.add(index);
    return false;
  };
  const { true: misplaced = [], false: others = [] } = Object.groupBy(ranked.toReversed(), (pod) =>
    String(isMisplaced(pod)),
  );
  const more = Math.max(0, count - misplaced.length);
  return [...misplaced, ...others.toReversed().slice(0, more)];
};

const leastFirst = (a: Stored<Pod>, b: Stored<Pod>): number =>
  Number(Boolean(a.spec?.nodeName)) - Number(Boolean(b.spec?.nodeName)) ||
  Number(isPodReady(a)) - Number(isPodReady(b)) ||
  parseTime(b.metadata.creationTimestamp) - parseTime(a.metadata.creationTimestamp) ||
  (a.metadata.name < b.metadata.name ? -1 : 1);

const addPods = (snapshot: JobSnapshot, tally: Tally, count: number): PodChanges => {
  const { job, nowMs } = snapshot;
  if (job.spec?.backoffLimitPerIndex !== undefined) return addByIndex(snapshot, tally, count);
  const dueMs = retryMs(snapshot);
  if (dueMs > nowMs) return { create: [], remove: [], retryMs: dueMs };
  const create = isIndexed(job)
    ? pendingIndexes(snapshot, tally)
        .slice(0, count)
        .map((index) => ({ index, failures: undefined }))
    : Array.from({ length: count }, () => undefined);
  return { create, remove: [] };
};

/** Each index waits for itself. */
const addByIndex = (snapshot: JobSnapshot, tally: Tally, count: number): PodChanges => {
  const { job, nowMs } = snapshot;
  const { remembered } = tally;
  const dueMs = (index: number): number => indexRetryMs(remembered.get(index));
  const pending = pendingIndexes(snapshot, tally).slice(0, count);
  const { due = [], waiting = [] } = Object.groupBy(pending, (index) =>
    dueMs(index) <= nowMs ? 'due' : 'waiting',
  );
  const create = due.map((index) => ({ index, failures: failuresOf(job, remembered.get(index)) }));
  if (waiting.length === 0) return { create, remove: [] };
  return {
    create,
    remove: [],
    retryMs: waiting.reduce((first, index) => Math.min(first, dueMs(index)), Infinity),
  };
};

/** What the next pod of an index has to know. */
const failuresOf = (job: Stored<Job>, last: Stored<Pod> | undefined): IndexFailures => {
  if (!last) return { counted: 0, ignored: 0 };
  const { counted, ignored } = failuresBefore(last);
  return countsAsFailure(job, last) ? { counted: counted + 1, ignored } : { counted, ignored: ignored + 1 };
};

/** The lowest first. */
const pendingIndexes = ({ job, pods }: JobSnapshot, tally: Tally): readonly number[] => {
  const { active, succeededIndexes, failedIndexes } = tally;
  const leaving = replacesOnlyFailed(job)
    ? pods.filter((pod) => pod.metadata.deletionTimestamp && !isPodFinished(pod))
    : [];
  const busy = new Set([...active, ...leaving].map((pod) => indexOf(job, pod)));
  return Array.from({ length: job.spec?.completions ?? 0 }, (_, index) => index).filter(
    (index) => !busy.has(index) && !succeededIndexes.has(index) && !failedIndexes.has(index),
  );
};
