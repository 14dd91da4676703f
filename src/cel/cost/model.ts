// What a call costs, estimated and counted: cel-go's rules (interpreter/runtimecost.go, checker/cost.go) and
// Kubernetes' for its library (k8s.io/apiserver/pkg/cel/library/cost.go, 1.37). CRDs are accepted or refused by them.
import { Opaque, sizeOf } from '../values/value.ts';
import type { Value } from '../values/value.ts';
import { add, exactly, multiply, scale } from './range.ts';
import type { Range } from './range.ts';

/** Reading a text once costs a tenth of its length; a pattern a quarter of its own for each such unit. */
export const PER_CHARACTER = 0.1;
export const PER_PATTERN_CHARACTER = 0.25;
export const LIST_COST = 10;
export const MAP_COST = 30;
export const MESSAGE_COST = 40;

/** What is known before evaluation of one argument. */
export type Sized = {
  readonly size: Range;
  /** Size of a list's elements; undefined if it is no list. */
  readonly elementSize: Range | undefined;
  /** Whether a list's elements are texts or bytes. */
  readonly holdsText: boolean;
  /** Whether it is a value that only functions understand: an address, a quantity. */
  readonly isOpaque: boolean;
  /** A number, if the argument is written as one. */
  readonly number: number | undefined;
};

export type Estimate = {
  readonly cost: Range;
  /** Size of the result, if the arguments tell. */
  readonly size?: Range;
};

/** Arguments have the receiver of a member function in front. */
export type CostModel = {
  /** Whether the arguments tell the cost, and it is large: then it is asked for before the work, not after it. */
  readonly isPrepaid?: boolean;
  /** Set if it is always the same. */
  readonly fixed?: number;
  readonly actual: (args: readonly Value[], result: Value) => number;
  readonly estimate: (args: readonly Sized[]) => Estimate;
};

export const fixed = (cost: number): CostModel => ({
  fixed: cost,
  actual: () => cost,
  estimate: () => ({ cost: exactly(cost) }),
});

export const ONE = fixed(1);

/** One argument is read; `keepsSize` if the result is no longer than it. */
export const reads = (
  index: number,
  {
    factor = PER_CHARACTER,
    keepsSize = false,
  }: { readonly factor?: number; readonly keepsSize?: boolean } = {},
): CostModel => ({
  actual: (args) => Math.ceil(sizeOf(args[index]!) * factor),
  estimate: (args) => ({
    cost: scale(args[index]!.size, factor),
    ...(keepsSize ? { size: args[index]!.size } : {}),
  }),
});

/** A pattern is tried on a text: their lengths multiply. */
export const searches = (text: number, pattern: number): CostModel => ({
  isPrepaid: true,
  actual: (args) =>
    Math.ceil((1 + sizeOf(args[text]!)) * PER_CHARACTER) *
    Math.ceil(sizeOf(args[pattern]!) * PER_PATTERN_CHARACTER),
  estimate: (args) => ({
    cost: multiply(
      scale(add(args[text]!.size, exactly(1)), PER_CHARACTER),
      scale(args[pattern]!.size, PER_PATTERN_CHARACTER),
    ),
    size: { min: 0, max: args[text]!.size.max },
  }),
});

/** Two texts are read, and the lengths multiply. */
export const readsBoth: CostModel = {
  isPrepaid: true,
  actual: ([a, b]) => Math.ceil(sizeOf(a!) * PER_CHARACTER) * Math.ceil(sizeOf(b!) * PER_CHARACTER),
  estimate: ([a, b]) => ({ cost: multiply(scale(a!.size, PER_CHARACTER), scale(b!.size, PER_CHARACTER)) }),
};

/** Two values are compared: as far as the shorter one goes. */
export const compares: CostModel = {
  actual: ([a, b]) => Math.ceil(Math.min(sizeOf(a!), sizeOf(b!)) * PER_CHARACTER),
  estimate: ([a, b]) => {
    const max = Math.min(a!.size.max, b!.size.max);
    return { cost: scale({ min: max > 0 ? 1 : 0, max }, PER_CHARACTER) };
  },
};

/** As `compares`, but for Kubernetes' own types (not by `!=`: kube-apiserver has no price for that). */
export const comparesEqual: CostModel = {
  actual: ([a, b]) => (a instanceof Opaque ? 1 : compares.actual([a!, b!], null)),
  estimate: ([a, b]) => (a!.isOpaque && b!.isOpaque ? { cost: exactly(1) } : compares.estimate([a!, b!])),
};

/** Two texts become one. */
export const joinsBoth: CostModel = {
  actual: ([a, b]) => Math.ceil((sizeOf(a!) + sizeOf(b!)) * PER_CHARACTER),
  estimate: ([a, b]) => {
    const size = add(a!.size, b!.size);
    return { cost: scale(size, PER_CHARACTER), size };
  },
};

/** Two lists become one, at no more than a unit. */
export const joinsLists: CostModel = {
  fixed: 1,
  actual: () => 1,
  estimate: ([a, b]) => ({ cost: exactly(1), size: add(a!.size, b!.size) }),
};
