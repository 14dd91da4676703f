// Promises that wait for a condition which its owner announces.

export type Waiters = {
  /** Resolves at once if the condition holds, else at the next `announce` at which it does. */
  readonly wait: () => Promise<void>;
  readonly announce: () => void;
};

export const createWaiters = (holds: () => boolean): Waiters => {
  let waiting: (() => void)[] = [];
  const announce = (): void => {
    if (waiting.length === 0 || !holds()) return;
    const resolved = waiting;
    waiting = [];
    for (const resolve of resolved) resolve();
  };
  const wait = (): Promise<void> =>
    holds() ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));
  return { wait, announce };
};
