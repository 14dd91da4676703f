// An expression after its macros were expanded: cel-go's own tree, so that checks, costs and messages come out as there.
import type { Value } from '../values/value.ts';

type At = {
  /** Where it stands in the source, in UTF-16 units: the operator, the dot, the opening bracket. */
  readonly at: number;
};

export type Literal = At & { readonly kind: 'literal'; readonly value: Value };
export type Ident = At & { readonly kind: 'ident'; readonly name: string };
export type Select = At & {
  readonly kind: 'select';
  readonly operand: Expression;
  readonly field: string;
  /** `has(a.b)`: only whether the field is there. */
  readonly isTest: boolean;
};
export type Call = At & {
  readonly kind: 'call';
  /** `size`, or an operator in CEL's own name: `_+_`, `_[_]`, `_?_:_`. */
  readonly name: string;
  readonly target: Expression | undefined;
  readonly args: readonly Expression[];
};
type ListExpression = At & { readonly kind: 'list'; readonly elements: readonly Expression[] };
type MapExpression = At & {
  readonly kind: 'map';
  readonly entries: readonly (readonly [Expression, Expression])[];
};
/** A loop: every macro over lists and maps is one, and so is a bound variable (over an empty list). */
export type Comprehension = At & {
  readonly kind: 'comprehension';
  readonly range: Expression;
  /** The element of a list or the key of a map; with two variables the index or the key. */
  readonly variable: string;
  /** The second variable: the element or the value. */
  readonly second: string | undefined;
  readonly accumulator: string;
  readonly start: Expression;
  readonly condition: Expression;
  readonly step: Expression;
  readonly result: Expression;
};

export type Expression = Literal | Ident | Select | Call | ListExpression | MapExpression | Comprehension;

/** The accumulator of macros: no source text can name it. */
export const ACCUMULATOR = '@result';

export const literal = (at: number, value: Value): Literal => ({ kind: 'literal', at, value });
export const ident = (at: number, name: string): Ident => ({ kind: 'ident', at, name });
export const call = (at: number, name: string, ...args: readonly Expression[]): Call => ({
  kind: 'call',
  at,
  name,
  target: undefined,
  args,
});
export const memberCall = (
  at: number,
  target: Expression,
  name: string,
  ...args: readonly Expression[]
): Call => ({ kind: 'call', at, name, target, args });
export const list = (at: number, ...elements: readonly Expression[]): ListExpression => ({
  kind: 'list',
  at,
  elements,
});
