// A Job's status, as it is written before the counted pods lose their finalizer.
import type { Job, JobCondition, JobStatus, Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { jobCondition } from '../../k8s/job-state.ts';
import { isPodReady } from '../../k8s/pod-state.ts';
import { formatTime } from '../../k8s/time.ts';
import type { Counted } from './count.ts';
import { formatIndexes } from './indexes.ts';
import type { Outcome } from './outcome.ts';
import { isIndexed, isTracked } from './pods.ts';
import type { JobSnapshot, Tally } from './tally.ts';

export type StatusFacts = Counted & {
  readonly tally: Tally;
  readonly outcome: Outcome | undefined;
  /** The Job goes on, and whether it is suspended has been heeded. */
  readonly isManaged: boolean;
  readonly removed: readonly Stored<Pod>[];
  /** How many pods will be, after what is to be done. */
  readonly active: number;
};

export const compileStatus = (snapshot: JobSnapshot, facts: StatusFacts): JobStatus => {
  const { job, nowMs } = snapshot;
  const { tally, active, succeeded, failed } = facts;
  const end = endOf(snapshot, facts);
  const conditions = conditionsOf(snapshot, facts, end);
  const startTime = startOf(snapshot, facts);
  return {
    ...(conditions.length > 0 ? { conditions } : {}),
    ...(startTime === undefined ? {} : { startTime }),
    ...(end?.type === 'SuccessCriteriaMet' ? { completionTime: formatTime(nowMs) } : {}),
    active,
    ready: tally.ready - facts.removed.filter(isPodReady).length,
    terminating: terminatingAfter(facts),
    succeeded: isIndexed(job) ? tally.succeededIndexes.size : tally.counted.succeeded,
    failed: tally.counted.failed,
    uncountedTerminatedPods: {
      ...(succeeded.length > 0 ? { succeeded } : {}),
      ...(failed.length > 0 ? { failed } : {}),
    },
    ...indexesOf(job, tally),
  };
};

const indexesOf = (
  job: Stored<Job>,
  { succeededIndexes, failedIndexes }: Tally,
): Pick<JobStatus, 'completedIndexes' | 'failedIndexes'> => ({
  ...(succeededIndexes.size > 0 ? { completedIndexes: formatIndexes(succeededIndexes) } : {}),
  ...(job.spec?.backoffLimitPerIndex === undefined ? {} : { failedIndexes: formatIndexes(failedIndexes) }),
});

/** Pods that run stay for their grace period. */
const terminatingAfter = ({ tally, removed }: StatusFacts): number => tally.terminating + removed.length;

/** Not before the last pods have gone and are in the counters. */
const endOf = ({ pods }: JobSnapshot, facts: StatusFacts): Outcome | undefined => {
  const isQuiet = facts.active === 0 && terminatingAfter(facts) === 0;
  return isQuiet && !pods.some(isTracked) ? facts.outcome : undefined;
};

const conditionsOf = (
  snapshot: JobSnapshot,
  { outcome, isManaged }: StatusFacts,
  end: Outcome | undefined,
): readonly JobCondition[] => {
  const { job, nowMs } = snapshot;
  const before = job.status?.conditions ?? [];
  const present = isManaged && !outcome ? withSuspension(snapshot) : before;
  const isNew = outcome && !jobCondition(job, outcome.type);
  return [
    ...present,
    ...(isNew ? [conditionFor(outcome.type, 'True', outcome, nowMs)] : []),
    ...(end ? [conditionFor(end.type === 'FailureTarget' ? 'Failed' : 'Complete', 'True', end, nowMs)] : []),
  ];
};

const conditionFor = (
  type: string,
  status: 'True' | 'False',
  { reason, message }: Pick<Outcome, 'reason' | 'message'>,
  nowMs: number,
): JobCondition => {
  const now = formatTime(nowMs);
  return { type, status, reason, message, lastProbeTime: now, lastTransitionTime: now };
};

/** The conditions that are there, with the one that says whether the Job is suspended. */
const withSuspension = ({ job, nowMs }: JobSnapshot): readonly JobCondition[] => {
  const before = job.status?.conditions ?? [];
  const isSuspended = job.spec?.suspend === true;
  if (isSuspended === (jobCondition(job, 'Suspended') !== undefined)) return before;
  const others = before.filter(({ type }) => type !== 'Suspended');
  const condition = isSuspended
    ? conditionFor('Suspended', 'True', { reason: 'JobSuspended', message: 'Job suspended' }, nowMs)
    : conditionFor('Suspended', 'False', { reason: 'JobResumed', message: 'Job resumed' }, nowMs);
  return [...others, condition];
};

/** A Job that is resumed starts anew: activeDeadlineSeconds is about the time that it may run. */
const startOf = ({ job, nowMs }: JobSnapshot, { isManaged }: StatusFacts): string | undefined => {
  const { spec, status } = job;
  if (spec?.suspend) return status?.startTime;
  const isResumed = isManaged && jobCondition(job, 'Suspended') !== undefined;
  return isResumed ? formatTime(nowMs) : (status?.startTime ?? formatTime(nowMs));
};
