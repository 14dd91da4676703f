// What an evaluation carries: the values of the variables, those of the loops around it, and what it has cost.
import type { Value } from '../values/value.ts';
import { CostExceeded } from '../values/work.ts';

/** Values by variable, an object's properties. A getter is a value that is only made when the expression asks for it. */
export type Bound = object;

export class Frame {
  readonly bound: Readonly<Record<string, Value>>;
  /** Variables of loops, by the slot that each was given. */
  readonly locals: Value[] = [];
  readonly #limit: number;
  cost = 0;

  constructor(bound: Bound, limit: number) {
    this.bound = bound as Readonly<Record<string, Value>>;
    this.#limit = limit;
  }

  /** Throws CostExceeded beyond the limit. */
  spend(cost: number): void {
    this.cost += cost;
    if (this.cost > this.#limit) throw new CostExceeded();
  }
}
