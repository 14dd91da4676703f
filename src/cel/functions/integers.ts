// 64-bit integers: what leaves their range is an error, never wrapped.
import { CelError, Uint } from '../values/value.ts';

const [MIN, MAX, MAX_UINT] = [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 64n - 1n];

/** Throws CelError beyond 64 bits. */
export const int = (value: bigint): bigint => {
  if (value < MIN || value > MAX) throw new CelError('integer overflow');
  return value;
};

/** Throws CelError below 0 and beyond 64 bits. */
export const uint = (value: bigint): Uint => {
  if (value < 0n || value > MAX_UINT) throw new CelError('unsigned integer overflow');
  return new Uint(value);
};

/** The whole part of a double. Throws CelError where 64 bits cannot hold it. */
export const wholePart = (value: number): bigint => {
  if (!Number.isFinite(value)) throw new CelError('integer overflow');
  return BigInt(Math.trunc(value));
};
