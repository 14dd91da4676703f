// How many connections were not looked at: counted, and said once.
import type { Log } from '../../lang/log.ts';
import { lostPackets } from './metrics.ts';

export type LossCount = {
  readonly total: () => number;
  /** `lost` on the way from the kernel; where it is time to ask for them, also those that the kernel has not logged. */
  readonly count: (lost: number, isTimeToAsk: boolean) => number;
};

/** `unlogged` gives how many packets the kernel has not logged in all, since there were too many. */
export const createFlowLoss = (unlogged: () => number, log: Log): LossCount => {
  let [total, unloggedBefore] = [0, unlogged()];
  return {
    total: () => total,
    count: (lost, isTimeToAsk) => {
      const unloggedNow = isTimeToAsk ? unlogged() : unloggedBefore;
      const missed = lost + Math.max(0, unloggedNow - unloggedBefore);
      unloggedBefore = unloggedNow;
      if (missed === 0) return 0;
      if (total === 0) log.warn({ packets: missed }, 'more connections at once than are looked at');
      total += missed;
      lostPackets.inc(missed);
      return missed;
    },
  };
};
