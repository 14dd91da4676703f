// What most processes never need, or not when they start.

/** What `load` gives, loaded by the first who asks. */
export const lazy = <T extends object>(load: () => T): (() => T) => {
  let loaded: T | undefined;
  return () => (loaded ??= load());
};
