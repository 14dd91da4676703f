// What the scheduler of this thread did, under kube-scheduler's names (pkg/scheduler/metrics, 1.36).
import { counter } from '../metrics/counter.ts';
import type { Family } from '../metrics/family.ts';
import { gauge } from '../metrics/gauge.ts';
import { exponentialBounds, histogram } from '../metrics/histogram.ts';
import { startStopwatch } from '../metrics/stopwatch.ts';

const ATTEMPT = ['profile', 'result'] as const;

const attempts = counter({
  name: 'scheduler_schedule_attempts_total',
  help: "Number of attempts to schedule pods, by the result. 'unschedulable' means a pod could not be scheduled, while 'error' means an internal scheduler problem.",
  labels: ATTEMPT,
});

const seconds = histogram({
  name: 'scheduler_scheduling_attempt_duration_seconds',
  help: 'Scheduling attempt latency in seconds (scheduling algorithm + binding)',
  labels: ATTEMPT,
  bounds: exponentialBounds(0.001, 2, 15),
});

/** Pods that no node can take now. */
export const unschedulablePods = gauge({
  name: 'scheduler_pending_pods',
  help: 'Number of pending pods, by the queue type. Here only those that no node can take: the others are in workqueue_depth.',
  labels: ['queue'],
});

export const schedulerMetrics: readonly Family[] = [attempts, seconds, unschedulablePods];

type Result = 'scheduled' | 'unschedulable';

/** Runs one attempt, which says how it ended. */
export const countAttempt = async (profile: string, attempt: () => Promise<Result>): Promise<Result> => {
  const elapsed = startStopwatch();
  let result: Result | 'error' = 'error';
  try {
    return (result = await attempt());
  } finally {
    attempts.inc(1, profile, result);
    seconds.observe(elapsed(), profile, result);
  }
};
