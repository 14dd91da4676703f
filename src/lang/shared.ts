// One of each: values that are equal are kept in memory once.

export type Shared = {
  /** The first text that was equal. */
  readonly text: <T extends string | undefined>(text: T) => T;
  /** The first JSON value that was equal, members in the same order; not to be changed by anyone. */
  readonly value: <T>(value: T) => T;
};

/** What is no longer used is not noticed: both tables begin anew when they are full, so that they stay small. */
const KEPT_MAX = 10_000;

export const createShared = (): Shared => {
  const texts = new Map<string, string>();
  const values = new Map<string, unknown>();
  return {
    text: (text) => (text === undefined ? text : (once(texts, text, text) as typeof text)),
    value: (value) =>
      value === undefined ? value : (once(values, JSON.stringify(value), value) as typeof value),
  };
};

const once = <V>(kept: Map<string, V>, key: string, value: V): V => {
  const found = kept.get(key);
  if (found !== undefined) return found;
  if (kept.size >= KEPT_MAX) kept.clear();
  kept.set(key, value);
  return value;
};
