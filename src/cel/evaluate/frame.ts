// What an evaluation carries: the values of the variables, those of the loops around it, and what it has cost.
import type { Value } from '../values/value.ts';

/** Values by variable. A getter is a value that is only made when the expression asks for it. */
export type Bound = Readonly<Record<string, Value>>;

/** Ends an evaluation: unlike a CelError nothing absorbs it. */
export class CostExceeded extends Error {
  override readonly name = 'CostExceeded';
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

export class Frame {
  readonly bound: Bound;
  /** Variables of loops, by the slot that each was given. */
  readonly locals: Value[] = [];
  readonly #limit: number;
  cost = 0;

  constructor(bound: Bound, limit: number) {
    this.bound = bound;
    this.#limit = limit;
  }

  /** Throws CostExceeded beyond the limit. */
  spend(cost: number): void {
    this.cost += cost;
    if (this.cost > this.#limit) throw new CostExceeded();
  }
}
