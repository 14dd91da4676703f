/** Sizes of the rounds in which `count` pods are created: 1, 2, 4, ... so that a hopeless spec fails once, not 500 times. */
export const slowStartBatches = (count: number): readonly number[] => {
  const batches: number[] = [];
  for (let left = count, size = 1; left > 0; size *= 2) {
    batches.push(Math.min(size, left));
    left -= size;
  }
  return batches;
};
