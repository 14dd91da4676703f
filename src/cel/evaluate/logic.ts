// `&&`, `||`, `?:`: an error on one side gives way to an answer on the other, whichever side it is on.
import { CelError } from '../values/value.ts';
import type { Value } from '../values/value.ts';
import type { Step } from './step.ts';
import type { Frame } from './frame.ts';

/** False if either side is, whatever the other is; an error if neither is and one of them errs. */
export const planAnd = ([left, right]: readonly Step[]): Step => absorbing(left!, right!, false);

/** True if either side is. */
export const planOr = ([left, right]: readonly Step[]): Step => absorbing(left!, right!, true);

const absorbing =
  (left: Step, right: Step, deciding: boolean): Step =>
  (frame) => {
    const first = outcome(left, frame);
    if (first === deciding) return deciding;
    const second = right(frame);
    if (second === deciding) return deciding;
    if (first instanceof CelError) throw first;
    if (typeof first !== 'boolean' || typeof second !== 'boolean') throw new CelError('no such overload');
    return second;
  };

/** The value, or the error in its place. What ends an evaluation passes. */
const outcome = (step: Step, frame: Frame): Value | CelError => {
  try {
    return step(frame);
  } catch (error) {
    if (error instanceof CelError) return error;
    throw error;
  }
};

export const planConditional =
  ([condition, then, otherwise]: readonly Step[]): Step =>
  (frame) => {
    const holds = condition!(frame);
    if (typeof holds !== 'boolean') throw new CelError('no such overload');
    return holds ? then!(frame) : otherwise!(frame);
  };

/** Whether a loop goes on: also after an error, which a later element may make irrelevant. */
export const planNotStrictlyFalse =
  ([operand]: readonly Step[]): Step =>
  (frame) => {
    frame.spend(1);
    return outcome(operand!, frame) !== false;
  };
