// A clock that tests turn by hand.
import type { Clock } from '../../src/lang/clock.ts';

type Entry = { readonly dueMs: number; readonly order: number; readonly run: () => void };

export type FakeClock = Clock & {
  /** Moves the time forward and runs what falls due, in order; what that starts gets to run before each next timer. */
  readonly advance: (ms: number) => Promise<void>;
  /** How many timers wait. */
  readonly pending: () => number;
};

/** Lets everything that is already due (promises, immediates) run. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** `startMs` is the first now(), in milliseconds since the epoch. */
export const createFakeClock = (startMs = Date.parse('2026-01-01T00:00:00Z')): FakeClock => {
  const entries = new Set<Entry>();
  let nowMs = startMs;
  let order = 0;
  const next = (untilMs: number): Entry | undefined =>
    [...entries]
      .filter((entry) => entry.dueMs <= untilMs)
      .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
  const advance = async (ms: number): Promise<void> => {
    const untilMs = nowMs + ms;
    await settle();
    for (let entry = next(untilMs); entry; entry = next(untilMs)) {
      entries.delete(entry);
      nowMs = Math.max(nowMs, entry.dueMs);
      entry.run();
      await settle();
    }
    nowMs = untilMs;
  };
  const after = (delayMs: number, run: () => void) => {
    const entry = { dueMs: nowMs + delayMs, order: order++, run };
    entries.add(entry);
    return { cancel: () => void entries.delete(entry) };
  };
  return { now: () => nowMs, after, advance, pending: () => entries.size };
};
