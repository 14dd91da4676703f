// The next step of a CronJob: whether a Job is due, which of the running ones give way to it, and when to look again.
// kubernetes pkg/controller/cronjob/cronjob_controllerv2.go syncCronJob (1.36).
import type { EventFacts } from '../../client/event-recorder.ts';
import { type CronSchedule, isTimeZone, parseCronSchedule } from '../../k8s/cron-schedule.ts';
import type { CronJob, Job, ObjectReference } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { formatMailTime, formatTime, parseTime } from '../../k8s/time.ts';
import { expiredJobs, readHistory } from './history.ts';
import { jobName } from './job.ts';
import { missedStart, nextLookMs } from './missed.ts';

export type CronSnapshot = {
  readonly cronJob: Stored<CronJob>;
  /** All that it owns. */
  readonly jobs: readonly Stored<Job>[];
  readonly nowMs: number;
};

export type CronStep = {
  /** Make a Job for this start, in milliseconds since the epoch. */
  readonly startMs?: number;
  /** Running Jobs that the new one replaces. */
  readonly replaced?: readonly ObjectReference[];
  readonly events: readonly EventFacts[];
  /** When to look again, from now; undefined: when the CronJob changes. */
  readonly afterMs?: number | undefined;
};

export type CronPlan = CronStep & {
  /** Jobs of the status that still run. */
  readonly active: readonly ObjectReference[];
  readonly lastSuccessfulTime: string | undefined;
  /** Jobs that are over and too old to keep. */
  readonly expired: readonly Stored<Job>[];
};

export const compileCronJob = (snapshot: CronSnapshot): CronPlan => {
  const { cronJob, jobs } = snapshot;
  const history = readHistory(cronJob, jobs);
  const step = nextStep(snapshot, history.active);
  return {
    ...history,
    ...step,
    events: [...history.events, ...step.events],
    expired: expiredJobs(cronJob, jobs),
  };
};

const NOTHING: CronStep = { events: [] };

const warning = (reason: string, message: string): CronStep => ({
  events: [{ type: 'Warning', reason, message }],
});

const nextStep = (snapshot: CronSnapshot, active: readonly ObjectReference[]): CronStep => {
  const { metadata, spec } = snapshot.cronJob;
  if (!spec || metadata.deletionTimestamp) return NOTHING;
  const { timeZone, schedule: text } = spec;
  if (timeZone !== undefined && !isTimeZone(timeZone))
    return warning('UnknownTimeZone', `invalid timeZone: "${timeZone}": unknown time zone ${timeZone}`);
  if (spec.suspend) return NOTHING;
  const parsed = parseCronSchedule(text, timeZone);
  if (!parsed.ok) return warning('UnparseableSchedule', `unparseable schedule: "${text}" : ${parsed.reason}`);
  return startIfDue(snapshot, parsed.schedule, active);
};

const startIfDue = (
  snapshot: CronSnapshot,
  schedule: CronSchedule,
  active: readonly ObjectReference[],
): CronStep => {
  const { cronJob, nowMs } = snapshot;
  const times = { cronJob, schedule, nowMs };
  const missed = missedStart(times);
  if (!missed)
    return warning('InvalidSchedule', `invalid schedule: ${cronJob.spec!.schedule} : it is never due`);
  const afterMs = nextLookMs(times);
  if (missed.lastMs === undefined) return { ...NOTHING, afterMs };
  const step = startAt(snapshot, missed.lastMs, active);
  const events = missed.isMany ? [TOO_MANY_MISSED, ...step.events] : step.events;
  return { ...step, events, afterMs };
};

const TOO_MANY_MISSED: EventFacts = {
  type: 'Warning',
  reason: 'TooManyMissedTimes',
  message: 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
};

const startAt = (
  { cronJob, nowMs }: CronSnapshot,
  startMs: number,
  active: readonly ObjectReference[],
): CronStep => {
  const { startingDeadlineSeconds = Infinity, concurrencyPolicy } = cronJob.spec!;
  if (startMs + startingDeadlineSeconds * 1000 < nowMs)
    return warning('MissSchedule', `Missed scheduled time to start a job: ${formatMailTime(startMs)}`);
  if (isDone(cronJob, startMs, active)) return NOTHING;
  if (concurrencyPolicy === 'Forbid' && active.length > 0) return { events: [ALREADY_ACTIVE] };
  return { startMs, replaced: concurrencyPolicy === 'Replace' ? active : [], events: [] };
};

const isDone = (cronJob: Stored<CronJob>, startMs: number, active: readonly ObjectReference[]): boolean => {
  const name = jobName(cronJob, startMs);
  const { lastScheduleTime } = cronJob.status ?? {};
  return (
    active.some((job) => job.name === name) || parseTime(lastScheduleTime) === parseTime(formatTime(startMs))
  );
};

const ALREADY_ACTIVE: EventFacts = {
  type: 'Normal',
  reason: 'JobAlreadyActive',
  message: 'Not starting job because prior execution is running and concurrency policy is Forbid',
};
