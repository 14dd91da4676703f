// What the pod network asks for each sandbox: closed before its wire is there, and started when its policies are in the
// kernel.
import type { Clock } from '../lang/clock.ts';
import { startStopwatch } from '../metrics/stopwatch.ts';
import type { Locals, SandboxPod } from './locals.ts';
import * as metrics from './metrics.ts';
import type { PolicySync } from './policy-sync.ts';

export type PodGate = {
  /** Nothing passes with these addresses from now on but what the pod's policies allow. */
  readonly close: (pod: SandboxPod, addresses: readonly string[]) => void;
  /** Resolves when the pod's policies are in the kernel, after WAIT_MS at the latest: the pod stays closed then. */
  readonly whenOpen: (pod: SandboxPod) => Promise<void>;
  readonly release: (addresses: readonly string[]) => void;
};

export type PodGateOptions = {
  readonly sync: Pick<PolicySync, 'close' | 'isSettled'>;
  readonly locals: Pick<Locals, 'isKnown' | 'release'>;
  /** The compiler has something new. */
  readonly onChange: () => void;
  readonly onTimeout: (pod: SandboxPod, waitedMs: number) => void;
  readonly clock: Clock;
};

/** A pod without network is better than none: it may not need any, and its probes come from the node. */
const WAIT_MS = 5000;

type Waiter = { readonly pod: SandboxPod; readonly open: () => void };

/** Also gives what is to be called after each transaction. */
export const createPodGate = (options: PodGateOptions): PodGate & { readonly look: () => void } => {
  const { sync, locals, onChange, onTimeout, clock } = options;
  const waiters = new Set<Waiter>();
  const isOpen = (pod: SandboxPod): boolean => sync.isSettled && locals.isKnown(pod);
  const wait = (pod: SandboxPod): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        waiters.delete(waiter);
        resolve();
      };
      const waiter = { pod, open: end };
      const timer = clock.after(WAIT_MS, () => {
        onTimeout(pod, WAIT_MS);
        end();
      });
      waiters.add(waiter);
    });
  return {
    close: (pod, addresses) => sync.close({ pod, addresses }),
    whenOpen: async (pod) => {
      const seconds = startStopwatch();
      if (!isOpen(pod)) await wait(pod);
      metrics.podWaitSeconds.observe(seconds());
    },
    release: (addresses) => {
      locals.release(addresses);
      onChange();
    },
    look: () => {
      for (const { pod, open } of waiters) if (isOpen(pod)) open();
    },
  };
};
