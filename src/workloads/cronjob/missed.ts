// Which start of a CronJob is due. kubernetes pkg/controller/cronjob/utils.go (1.36).
import type { CronSchedule } from '../../k8s/cron-schedule.ts';
import type { CronJob } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { parseTime } from '../../k8s/time.ts';

/** More missed starts than this are worth a warning. */
const MISSED_MAX = 100;
/** A clock that runs a little ahead of the API server's must not make the controller look too early. */
const LATE_MS = 100;

export type Missed = {
  /** From where on starts were looked for, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** The last start that is due and was not made. */
  readonly lastMs: number | undefined;
  readonly isMany: boolean;
  /** There are some, even if none of them is the last one. */
  readonly isAny: boolean;
};

type Times = { readonly cronJob: Stored<CronJob>; readonly schedule: CronSchedule; readonly nowMs: number };

/** Starts since the last one, within startingDeadlineSeconds. Undefined for a schedule that is never due. */
export const missedStart = (times: Times): Missed | undefined => {
  const { cronJob, nowMs } = times;
  const deadline = cronJob.spec?.startingDeadlineSeconds;
  const sinceMs = lastKnownMs(cronJob);
  return missedSince(times, deadline === undefined ? sinceMs : Math.max(sinceMs, nowMs - deadline * 1000));
};

/** When to look again, in milliseconds from now. */
export const nextLookMs = (times: Times): number | undefined => {
  const { cronJob, schedule, nowMs } = times;
  const missed = missedSince(times, lastKnownMs(cronJob));
  const fromMs =
    missed === undefined || (missed.isAny && missed.lastMs === undefined)
      ? nowMs
      : (missed.lastMs ?? missed.sinceMs);
  const nextMs = schedule.nextMs(fromMs);
  return nextMs === undefined ? undefined : nextMs + LATE_MS - nowMs;
};

const lastKnownMs = ({ metadata, status }: Stored<CronJob>): number =>
  parseTime(status?.lastScheduleTime ?? metadata.creationTimestamp);

/**
 * Does not count through years of missed minutes: the first interval says about how many there are, and only the last
 * ones are looked at one by one.
 */
const missedSince = ({ schedule, nowMs }: Times, sinceMs: number): Missed | undefined => {
  const firstMs = schedule.nextMs(sinceMs);
  if (firstMs === undefined) return undefined;
  if (nowMs < firstMs) return { sinceMs, lastMs: undefined, isMany: false, isAny: false };
  const secondMs = schedule.nextMs(firstMs);
  if (secondMs === undefined || nowMs < secondMs)
    return { sinceMs, lastMs: firstMs, isMany: false, isAny: true };
  const intervalMs = secondMs - firstMs;
  const count = Math.floor((nowMs - firstMs) / intervalMs) + 1;
  const lastMs = lastBefore(schedule, firstMs + (count - 2) * intervalMs, nowMs);
  return { sinceMs, lastMs, isMany: count > MISSED_MAX, isAny: true };
};

const lastBefore = (schedule: CronSchedule, fromMs: number, nowMs: number): number | undefined => {
  let lastMs: number | undefined;
  for (let ms = schedule.nextMs(fromMs); ms !== undefined && ms <= nowMs; ms = schedule.nextMs(ms))
    lastMs = ms;
  return lastMs;
};
