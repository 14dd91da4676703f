// Ends live connections behind the changes that deny them: a policy that came late would harm more than a connection that
// lives on for a moment.
import { openConntrack } from '../kernel/conntrack.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { startLoop } from '../reconcile/loop.ts';
import { cutConnections } from './live-connections.ts';
import type { CutOptions } from './live-connections.ts';
import * as metrics from './metrics.ts';

export type CuttingOptions = Pick<CutOptions, 'evaluator' | 'dnsAddresses'> & {
  /** `keep`: nothing is done. */
  readonly liveConnections: 'cut' | 'keep';
  readonly locals: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
};

export type Cutting = {
  /** Connections with these addresses, at either end, are to be judged again. */
  readonly touch: (addresses: Iterable<string>) => void;
  readonly stop: () => Promise<void>;
};

/** Of the thread's time, what looking at all connections may take at most: 1 part in 20. */
const LOOKING_SHARE = 20;

/** Starts in the node's network namespace. */
export const startCutting = ({
  liveConnections,
  locals,
  clock,
  log,
  ...options
}: CuttingOptions): Cutting => {
  const conntrack = openConntrack();
  let nextMs = 0;
  const loop = startLoop({
    name: 'live-connections',
    apply: async (touched) => {
      const startMs = clock.now();
      metrics.cutConnections.inc(cutConnections({ ...options, touched, locals: locals(), conntrack }));
      nextMs = clock.now() + (clock.now() - startMs) * LOOKING_SHARE;
      return new Set();
    },
    clock,
    log,
  });
  return {
    touch: (addresses) => {
      if (liveConnections === 'keep') return;
      const waitMs = nextMs - clock.now();
      for (const address of addresses)
        if (waitMs > 0) loop.markAfter(address, waitMs);
        else loop.mark(address);
    },
    stop: async () => {
      await loop.stop();
      conntrack.close();
    },
  };
};
