// Durations for histograms: of the monotonic clock, since nothing is decided by them.

/** Gives the seconds since this call. */
export const startStopwatch = (): (() => number) => {
  const start = performance.now();
  return () => (performance.now() - start) / 1000;
};
