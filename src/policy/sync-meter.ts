// Follows changes from the moment they are heard of to the transaction that carries them, for the metrics.
import type { Clock } from '../lang/clock.ts';
import { startStopwatch } from '../metrics/stopwatch.ts';
import * as metrics from './metrics.ts';

export type SyncMeter = {
  /** Something changed. */
  readonly heard: () => void;
  /** Runs what brings the kernel in line with everything heard so far. */
  readonly measure: (sync: () => void) => void;
};

export const createSyncMeter = (clock: Clock): SyncMeter => {
  let sinceHeard: (() => number) | undefined;
  return {
    heard: () => (sinceHeard ??= startStopwatch()),
    measure: (sync) => {
      const seconds = startStopwatch();
      try {
        sync();
      } catch (error) {
        metrics.syncFailures.inc(1);
        throw error;
      }
      metrics.syncSeconds.observe(seconds());
      if (sinceHeard) metrics.programmingSeconds.observe(sinceHeard());
      sinceHeard = undefined;
      metrics.lastSync.set(clock.now() / 1000);
    },
  };
};
