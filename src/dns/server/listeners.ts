// Listens on all addresses of the cluster DNS, and tries again where it could not yet.
import type { Clock, Timer } from '../../lang/clock.ts';
import { DatagramBatch } from '../../kernel/datagram-batch.ts';
import { listen } from './listener.ts';
import type { Listener, ListenerOptions } from './listener.ts';

export type ListenersOptions = Omit<ListenerOptions, 'address' | 'batch'> & {
  readonly addresses: readonly string[];
  /** Before each try: makes the addresses this node's own. */
  readonly prepare: () => void;
  readonly clock: Clock;
};

export type Listeners = {
  /** Resolves when every address is listened on. */
  readonly whenListening: () => Promise<void>;
  readonly stop: () => void;
};

const RETRY_MS = 500;

export const startListeners = (options: ListenersOptions): Listeners => {
  const { addresses, prepare, clock, log } = options;
  const open: Listener[] = [];
  const batch = new DatagramBatch();
  const timers = new Map<string, Timer>();
  let isStopped = false;

  const tryOnce = async (address: string, listening: () => void): Promise<void> => {
    try {
      prepare();
      const listener = await listen({ ...options, address, batch });
      if (isStopped) return listener.close();
      open.push(listener);
      listening();
    } catch (error) {
      log.warn({ err: error, address }, 'cannot listen for DNS yet, will try again');
      if (isStopped) return;
      timers.set(
        address,
        clock.after(RETRY_MS, () => void tryOnce(address, listening)),
      );
    }
  };
  const all = Promise.all(
    addresses.map((address) => new Promise<void>((listening) => void tryOnce(address, listening))),
  );
  return {
    whenListening: async () => void (await all),
    stop: () => {
      isStopped = true;
      for (const timer of timers.values()) timer.cancel();
      for (const listener of open) listener.close();
    },
  };
};
