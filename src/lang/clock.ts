// Time as a parameter: tests pass a clock that they turn by hand.

export type Timer = { readonly cancel: () => void };

export type Clock = {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Runs `run` once after `delayMs`. The timer does not keep the process alive by itself. */
  readonly after: (delayMs: number, run: () => void) => Timer;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const handle = setTimeout(run, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};
