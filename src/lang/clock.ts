// Time as a parameter: tests pass a clock that they turn by hand.

export type Timer = { readonly cancel: () => void };

export type Clock = {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Runs `run` once after `delayMs`. The timer does not keep the process alive by itself. */
  readonly after: (delayMs: number, run: () => void) => Timer;
};

/** Node's timers go up to 2^31 - 1 ms; a longer one would end at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    let handle: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const isLast = leftMs <= TIMER_MS_MAX;
      handle = setTimeout(isLast ? run : () => wait(leftMs - TIMER_MS_MAX), Math.min(leftMs, TIMER_MS_MAX));
      handle.unref();
    };
    wait(delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};
