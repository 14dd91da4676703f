// What the loops of this thread have to do, under client-go's names for its work queues.
import { counter } from '../metrics/counter.ts';
import { familyOf } from '../metrics/family.ts';
import type { Family, Sample } from '../metrics/family.ts';
import { gauge } from '../metrics/gauge.ts';
import { exponentialBounds, histogram } from '../metrics/histogram.ts';

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

/** The work under way, of all loops of this thread. */
const running = new Set<{ readonly name: string; readonly sinceMs: number }>();
const names = new Set<string>();

const unfinished = familyOf(
  {
    name: 'workqueue_unfinished_work_seconds',
    help: 'How many seconds of work has done that is in progress and has not been observed by work_duration. Large values indicate stuck loops.',
    labels,
  },
  'gauge',
  () => runningSamples((seconds) => seconds.reduce((sum, each) => sum + each, 0)),
);

const longest = familyOf(
  {
    name: 'workqueue_longest_running_processor_seconds',
    help: 'How many seconds has the longest running processor for workqueue been running.',
    labels,
  },
  'gauge',
  () => runningSamples((seconds) => Math.max(0, ...seconds)),
);

const runningSamples = (figure: (seconds: readonly number[]) => number): readonly Sample[] => {
  const nowMs = performance.now();
  return [...names].map((name) => {
    const own = [...running].filter((work) => work.name === name);
    return { labels: { name }, value: figure(own.map(({ sinceMs }) => (nowMs - sinceMs) / 1000)) };
  });
};

export const loopMetrics: readonly Family[] = [
  depth,
  adds,
  retries,
  queueSeconds,
  workSeconds,
  unfinished,
  longest,
];

/** The figures of one loop. */
export type LoopMeter = {
  /** An item came; what is returned is given back when its work begins, or when it is given up. */
  readonly added: () => number;
  readonly left: (addedAtMs: number) => void;
  readonly retried: () => void;
  /** Work began; the function that is returned is called at its end. */
  readonly started: () => () => void;
};

export const createLoopMeter = (name: string): LoopMeter => {
  names.add(name);
  const own = {
    depth: depth.with(name),
    adds: adds.with(name),
    queueSeconds: queueSeconds.with(name),
    workSeconds: workSeconds.with(name),
  };
  return {
    added: () => {
      own.adds.inc(1);
      own.depth.add(1);
      return performance.now();
    },
    left: (addedAtMs) => {
      own.depth.add(-1);
      own.queueSeconds.observe((performance.now() - addedAtMs) / 1000);
    },
    retried: () => retries.inc(1, name),
    started: () => {
      const work = { name, sinceMs: performance.now() };
      running.add(work);
      return () => {
        running.delete(work);
        own.workSeconds.observe((performance.now() - work.sinceMs) / 1000);
      };
    },
  };
};
