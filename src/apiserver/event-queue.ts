// Between a store that cannot wait and a reader that may be slow: a queue with an end to its patience.
import { expired } from './status-errors.ts';

export type EventQueue<E> = {
  readonly push: (event: E) => void;
  /** No more events: the reader gets what is queued, then the end. */
  readonly end: () => void;
  /** For one reader. Throws 410 Expired if it fell too far behind: it has to list again. */
  readonly events: AsyncIterable<E>;
};

const LENGTH_MAX = 20_000;

export const createEventQueue = <E>(lengthMax = LENGTH_MAX): EventQueue<E> => {
  let queued: E[] = [];
  let state: 'open' | 'ended' | 'overrun' = 'open';
  let wake: () => void = () => {};
  const close = (reason: 'ended' | 'overrun'): void => {
    if (state === 'open') state = reason;
    wake();
  };
  const push = (event: E): void => {
    if (state !== 'open') return;
    if (queued.length === lengthMax) {
      queued = [];
      return close('overrun');
    }
    queued.push(event);
    wake();
  };
  async function* read(): AsyncGenerator<E, void> {
    for (;;) {
      const batch = queued;
      queued = [];
      yield* batch;
      if (queued.length > 0) continue;
      if (state === 'overrun') throw expired(`the reader fell more than ${lengthMax} events behind`);
      if (state === 'ended') return;
      await new Promise<void>((resolve) => (wake = () => inTwoTurns(resolve)));
      wake = () => {};
    }
  }
  return { push, end: () => close('ended'), events: read() };
};

/** What other processes are told is written at the end of this turn, and goes out in the next: our own work comes after it. */
const inTwoTurns = (go: () => void): void => void setImmediate(() => setImmediate(go));
