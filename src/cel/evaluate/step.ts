// What a part of an expression becomes: a function, and what is known while it is made.
import type { Checked } from '../check/check.ts';
import type { Expression } from '../syntax/expression.ts';
import type { Value } from '../values/value.ts';
import type { Frame } from './frame.ts';

export type Step = (frame: Frame) => Value;

export type PlanContext = {
  readonly checked: Checked;
  /** Names that always stand for the same value. */
  readonly constants: Readonly<Record<string, Value>>;
  /** Variables of the loops around an expression -> their slots. */
  readonly slots: ReadonlyMap<string, number>;
  /** The first slot that is free. */
  readonly free: number;
};

/** Makes the function of a part; handed down to where loops are made. */
export type Plan = (part: Expression, context: PlanContext) => Step;
