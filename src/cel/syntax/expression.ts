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
/** `Object.spec{replicas: 3}`. */
export type MessageExpression = At & {
  readonly kind: 'message';
  readonly name: string;
  readonly fields: readonly { readonly at: number; readonly name: string; readonly value: Expression }[];
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

export type Expression =
  | Literal
  | Ident
  | Select
  | Call
  | ListExpression
  | MapExpression
  | MessageExpression
  | Comprehension;

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

/** `a.b.c`, undefined if the expression is no dotted name. */
export const dottedName = (part: Expression): string | undefined => {
  if (part.kind === 'ident') return part.name;
  if (part.kind !== 'select' || part.isTest) return undefined;
  const operand = dottedName(part.operand);
  return operand === undefined ? undefined : `${operand}.${part.field}`;
};

/** The same expression, with its places in another source. */
export const relocated = (part: Expression, place: (at: number) => number): Expression => {
  const at = place(part.at);
  const move = (inner: Expression): Expression => relocated(inner, place);
  switch (part.kind) {
    case 'literal':
    case 'ident':
      return { ...part, at };
    case 'select':
      return { ...part, at, operand: move(part.operand) };
    case 'call':
      return { ...part, at, target: part.target && move(part.target), args: part.args.map(move) };
    case 'list':
      return { ...part, at, elements: part.elements.map(move) };
    case 'map':
      return { ...part, at, entries: part.entries.map(([key, value]) => [move(key), move(value)] as const) };
    case 'message': {
      const fields = part.fields.map((each) => ({ ...each, at: place(each.at), value: move(each.value) }));
      return { ...part, at, fields };
    }
    case 'comprehension': {
      const { range, start, condition, step, result } = part;
      const parts = { range: move(range), start: move(start), condition: move(condition) };
      return { ...part, at, ...parts, step: move(step), result: move(result) };
    }
    default:
      throw new TypeError(part satisfies never);
  }
};
