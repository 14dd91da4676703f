// The work that Kubernetes' costs do not see: `a + a` on lists costs 1 however long they are, `a == b` counts the outermost
// elements only, and `format` its template only. A dozen `.map(a, a + a)` would fill the memory, so that what a list or text
// is made of, or is walked through, is counted besides.

/** Ends an evaluation: unlike a CelError nothing absorbs it. */
export class CostExceeded extends Error {
  override readonly name = 'CostExceeded';
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

/** Elements and characters, in one evaluation: as many characters as its cost limit could pay for. Tenths of a second. */
const MOST_WORK = 10_000_000;

// Evaluations never wait, so there is one at a time. One within another (a variable of a policy) begins anew.
let left = MOST_WORK;

export const beginWork = (): void => {
  left = MOST_WORK;
};

/** Counts elements or characters that are made or walked through. Throws CostExceeded beyond the limit. */
export const work = (amount: number): void => {
  left -= amount;
  if (left < 0) throw new CostExceeded();
};
