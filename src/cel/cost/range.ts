// Estimates are ranges: the least and the most that a size or a cost can be, cut at 2^64 as cel-go cuts them.

export type Range = { readonly min: number; readonly max: number };

const MOST = 2 ** 64;

export const exactly = (value: number): Range => ({ min: value, max: value });
export const UNKNOWN_SIZE: Range = { min: 0, max: MOST };
export const NOTHING: Range = exactly(0);

const cut = (value: number): number => Math.min(value, MOST);

export const add = (...ranges: readonly Range[]): Range => ({
  min: cut(ranges.reduce((sum, { min }) => sum + min, 0)),
  max: cut(ranges.reduce((sum, { max }) => sum + max, 0)),
});

export const multiply = (a: Range, b: Range): Range => ({ min: cut(a.min * b.min), max: cut(a.max * b.max) });

/** Times a factor, rounded up. */
export const scale = ({ min, max }: Range, factor: number): Range => ({
  min: cut(Math.ceil(min * factor)),
  max: cut(Math.ceil(max * factor)),
});

/** The range that holds both. */
export const union = (a: Range, b: Range): Range => ({
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
});
