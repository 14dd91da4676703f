// The background work of the proxy: rules that someone else removed or changed are put back, chains without use go.
import { startUpkeep } from '../kernel/nft-upkeep.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { cleanupFailures } from './metrics.ts';
import type { ServiceSync } from './service-sync.ts';

export type ServiceUpkeepOptions = {
  readonly sync: Pick<ServiceSync, 'isSuspect' | 'verify' | 'collect' | 'restart'>;
  readonly mark: (service: string) => void;
  readonly clock: Clock;
  readonly log: Log;
};

const COLLECT_MS = 30_000;

/** Starts in the network namespace of the tables; returns the end of it. */
export const startServiceUpkeep = ({ sync, mark, clock, log }: ServiceUpkeepOptions): (() => void) => {
  let nextCollectMs = clock.now() + COLLECT_MS;
  return startUpkeep({
    what: 'the service tables',
    isSuspect: () => sync.isSuspect(),
    verify: () => sync.verify(),
    repair: () => sync.restart().forEach(mark),
    chores: () => {
      if (clock.now() < nextCollectMs) return;
      nextCollectMs = clock.now() + COLLECT_MS;
      try {
        sync.collect();
      } catch (error) {
        cleanupFailures.inc(1);
        throw error;
      }
    },
    clock,
    log,
  });
};
