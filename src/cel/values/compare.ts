// Order of values: numbers across their types, text by code point, bytes, booleans, times.
import { CelError, Duration, Timestamp } from './value.ts';
import { numeric } from './equal.ts';
import type { Value } from './value.ts';

/** Negative, 0 or positive. Throws CelError where the two have no order. */
export const compare = (a: Value, b: Value): number => {
  const [left, right] = [numeric(a), numeric(b)];
  if (left !== undefined && right !== undefined) return compareNumbers(left, right);
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Timestamp && b instanceof Timestamp) return compareNumbers(a.nanos, b.nanos);
  if (a instanceof Duration && b instanceof Duration) return compareNumbers(a.nanos, b.nanos);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  throw new CelError('no such overload');
};

const compareNumbers = (a: bigint | number, b: bigint | number): number => {
  if (Number.isNaN(a) || Number.isNaN(b)) throw new CelError('NaN values cannot be ordered');
  return a < b ? -1 : a > b ? 1 : 0;
};

/** By code point, as Go compares UTF-8: JavaScript's own order differs where surrogates meet U+E000 and above. */
const compareText = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a[i] !== b[i]) return a.codePointAt(i)! - b.codePointAt(i)!;
  }
  return a.length - b.length;
};
