// Loops that are fed by subscriptions, and that may begin only when what they look at is there.
import type { Loop } from './loop.ts';

/** The loop; it ends the subscriptions that feed it when it is stopped. */
export const fedBy = (loop: Loop, subscriptions: readonly (() => void)[]): Loop => ({
  ...loop,
  stop: () => {
    for (const end of subscriptions) end();
    return loop.stop();
  },
});

export type Controllers = { readonly stop: () => Promise<void> };

/** Starts the loops when `synced` resolves: before that, absence means nothing. Stopped earlier, they never start. */
export const startWhenSynced = (synced: Promise<void>, start: () => readonly Loop[]): Controllers => {
  let loops: readonly Loop[] = [];
  let isStopped = false;
  void synced.then(() => {
    if (!isStopped) loops = start();
  });
  return {
    stop: async () => {
      isStopped = true;
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
};
