// What becomes of a connection, as a number: the value of an entry in `services`, which the small map `shapes` turns into
// a verdict. A verdict in the large map itself would cost: the kernel walks all verdicts of a table whenever one is added
// (linux nf_tables_api.c, nf_tables_validate), 0.9 ms at 10,000 Services and 3 ms at 30,000 on Linux 6.18.
//
//   31      | 30 .. 14 | 13 .. 0
//   outside | sticky   | number of endpoints        sticky: seconds, 0 for none; with no endpoints: 1 reject, 2 drop, ...
import type { Action, Entry } from './state.ts';

export type BalanceShape = {
  readonly kind: 'balance';
  readonly count: number;
  readonly isOutside: boolean;
  readonly stickySeconds: number | undefined;
};

export type Shape = BalanceShape | { readonly kind: Exclude<Action['kind'], 'balance'> };

const SECONDS = 2 ** 14;
const OUTSIDE = 2 ** 31;

/** What a shape can count; more endpoints of one Service port are not used. */
export const ENDPOINTS_MAX = SECONDS - 1;

const PLAIN = ['reject', 'drop', 'leave-alone'] as const;

export const PLAIN_SHAPES: readonly Shape[] = PLAIN.map((kind) => ({ kind }));

export const shapeOf = ({ map, action }: Pick<Entry, 'map' | 'action'>): Shape =>
  action.kind === 'balance'
    ? {
        kind: 'balance',
        count: action.targets.length,
        isOutside: map === 'outside-services',
        stickySeconds: action.stickySeconds,
      }
    : { kind: action.kind };

export const shapeCode = (shape: Shape): number => {
  if (shape.kind !== 'balance') return (PLAIN.indexOf(shape.kind) + 1) * SECONDS;
  return (shape.isOutside ? OUTSIDE : 0) + (shape.stickySeconds ?? 0) * SECONDS + shape.count;
};

/** The inverse of shapeCode; undefined for a number that is no shape. */
export const shapeOfCode = (code: number): Shape | undefined => {
  if (!Number.isInteger(code)) return undefined;
  const [count, seconds] = [code % SECONDS, Math.floor((code % OUTSIDE) / SECONDS)];
  const plain = PLAIN[seconds - 1];
  if (count === 0) return plain && { kind: plain };
  return { kind: 'balance', count, isOutside: code >= OUTSIDE, stickySeconds: seconds || undefined };
};

/** `pick-3`, `sticky-3-10800`, `outside-pick-3`, `outside-sticky-3-10800`. */
export const chainName = ({ count, isOutside, stickySeconds }: BalanceShape): string =>
  `${isOutside ? 'outside-' : ''}${stickySeconds === undefined ? `pick-${count}` : `sticky-${count}-${stickySeconds}`}`;

export const shapeVerdict = (shape: Shape): string => {
  switch (shape.kind) {
    case 'balance':
      return `goto ${chainName(shape)}`;
    case 'reject':
      return 'goto rejected';
    case 'drop':
      return 'drop';
    case 'leave-alone':
      return 'goto left-alone';
  }
};
