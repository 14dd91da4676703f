// What the loops of this thread have to do, under client-go's names for its work queues.
import { counter } from '../metrics/counter.ts';
import type { Family } from '../metrics/family.ts';
import { gauge } from '../metrics/gauge.ts';
import { exponentialBounds, histogram } from '../metrics/histogram.ts';
import { startStopwatch } from '../metrics/stopwatch.ts';

const labels = ['name'] as const;
const bounds = exponentialBounds(1e-6, 10, 10);

const depth = gauge({ name: 'workqueue_depth', help: 'Current depth of workqueue', labels });
const adds = counter({
  name: 'workqueue_adds_total',
  help: 'Total number of adds handled by workqueue',
  labels,
});
const retries = counter({
  name: 'workqueue_retries_total',
  help: 'Total number of retries handled by workqueue',
  labels,
});
const queueSeconds = histogram({
  name: 'workqueue_queue_duration_seconds',
  help: 'How long in seconds an item stays in workqueue before being requested.',
  labels,
  bounds,
});
const workSeconds = histogram({
  name: 'workqueue_work_duration_seconds',
  help: 'How long in seconds processing an item from workqueue takes; a loop that applies its items together counts once.',
  labels,
  bounds,
});

export const loopMetrics: readonly Family[] = [depth, adds, retries, queueSeconds, workSeconds];

/** The figures of one loop. */
export type LoopMeter = {
  /** An item came; what is returned is given back when its work begins, or when it is given up. */
  readonly added: () => number;
  readonly left: (addedAtMs: number) => void;
  readonly retried: () => void;
  /** Work began; the function that is returned is called at its end. */
  readonly started: () => () => void;
};

export const createLoopMeter = (name: string): LoopMeter => ({
  added: () => {
    adds.inc(1, name);
    depth.add(1, name);
    return performance.now();
  },
  left: (addedAtMs) => {
    depth.add(-1, name);
    queueSeconds.observe((performance.now() - addedAtMs) / 1000, name);
  },
  retried: () => retries.inc(1, name),
  started: () => {
    const seconds = startStopwatch();
    return () => workSeconds.observe(seconds(), name);
  },
});
