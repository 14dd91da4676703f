// Puts host ports back when someone else removed them: `nft flush ruleset`, a firewall that starts. The kernel counts the
// transactions of everyone; while it counts as many as this thread makes, there is nothing to look at.
import { openNftGeneration } from '../../kernel/nft-generation.ts';
import { ownTransactions } from '../../kernel/nft.ts';
import type { Clock, Timer } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { HostPortTable } from './apply.ts';

export type HostPortUpkeepOptions = {
  readonly table: Pick<HostPortTable, 'verify'>;
  readonly clock: Clock;
  readonly log: Log;
};

const LOOK_MS = 1000;

/** Starts in the network namespace of the tables; returns the end of it. */
export const startHostPortUpkeep = ({ table, clock, log }: HostPortUpkeepOptions): (() => void) => {
  const generation = openNftGeneration();
  const foreignTransactions = (): number => generation.read() - ownTransactions();
  let known: number | undefined;
  let timer: Timer;
  const look = (): void => {
    try {
      const now = foreignTransactions();
      if (now !== known) table.verify();
      known = now;
    } catch (error) {
      log.warn({ err: error }, 'host ports not looked after');
    }
    timer = clock.after(LOOK_MS, look);
  };
  timer = clock.after(LOOK_MS, look);
  return () => {
    timer.cancel();
    generation.close();
  };
};
