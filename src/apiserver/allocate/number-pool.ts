// A range of numbers, each of which has at most one owner. What owners choose themselves usually lies at the range's
// start, so free numbers are taken from its upper band first: the two seldom meet (KEP-3070, KEP-3668).
import { randomInt } from 'node:crypto';

export type NumberPool = {
  readonly isInRange: (number: number) => boolean;
  /** False if it has an owner already. */
  readonly take: (number: number) => boolean;
  /** A random free number, from the lower band only when the upper is full; undefined if none is left. O(taken). */
  readonly takeAny: () => number | undefined;
  readonly release: (number: number) => void;
};

type Bands = {
  readonly first: number;
  readonly last: number;
  /** How many numbers the lower band has. */
  readonly lowerSize: number;
};

/** Kubernetes' formula for the lower band: `range / step`, but never fewer than 16 or more than `most`. */
export const lowerBandSize = (rangeSize: number, step: number, most: number): number =>
  rangeSize <= 16 ? 0 : Math.min(Math.max(16, Math.floor(rangeSize / step)), most);

export const createNumberPool = ({ first, last, lowerSize }: Bands): NumberPool => {
  const taken = new Set<number>();
  const upperFirst = first + lowerSize;
  const take = (number: number): boolean => !taken.has(number) && !!taken.add(number);
  const takeFrom = (from: number, to: number): number | undefined => {
    const found = from > to ? undefined : freeNumber(taken, from, to);
    if (found !== undefined) taken.add(found);
    return found;
  };
  return {
    isInRange: (number) => number >= first && number <= last,
    take,
    takeAny: () => takeFrom(upperFirst, last) ?? takeFrom(first, upperFirst - 1),
    release: (number) => taken.delete(number),
  };
};

/** From a random place on, around the end of the band. */
const freeNumber = (taken: ReadonlySet<number>, from: number, to: number): number | undefined => {
  const size = to - from + 1;
  const start = randomInt(size);
  for (let step = 0; step < Math.min(size, taken.size + 1); step++) {
    const number = from + ((start + step) % size);
    if (!taken.has(number)) return number;
  }
  return undefined;
};
