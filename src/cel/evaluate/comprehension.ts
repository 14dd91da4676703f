// Loops. An error in a step of `all` or `exists` is kept as the accumulator's value, as in cel-go: a later element may decide.
import { LIST_COST } from '../cost/model.ts';
import { ACCUMULATOR } from '../syntax/expression.ts';
import type { Comprehension, Expression } from '../syntax/expression.ts';
import { CelError, ValueList, isList, isMap } from '../values/value.ts';
import type { Value } from '../values/value.ts';
import type { Frame } from './frame.ts';
import { planConditional } from './logic.ts';
import type { Plan, PlanContext, Step } from './step.ts';

/** A loop as a function: its variables live in slots of their own. */
export const planComprehension = (part: Comprehension, context: PlanContext, plan: Plan): Step => {
  const [range, start] = [plan(part.range, context), plan(part.start, context)];
  const slot = context.free;
  const slots = new Map(context.slots).set(part.accumulator, slot);
  const around: PlanContext = { ...context, slots, free: slot + 3 };
  const inside: PlanContext = { ...around, slots: loopSlots(part, slots, slot) };
  const condition = plan(part.condition, inside);
  const step =
    part.accumulator === ACCUMULATOR ? planStep(part.step, inside, slot, plan) : plan(part.step, inside);
  const result = plan(part.result, around);
  const next = part.condition.kind === 'literal' ? step : keepingErrors(step);
  return (frame) => {
    const elements = elementsOfRange(range(frame), part.second !== undefined);
    frame.locals[slot] = start(frame);
    for (let i = 0; i < elements.count; i++) {
      frame.locals[slot + 1] = elements.first(i);
      if (elements.second) frame.locals[slot + 2] = elements.second(i);
      if (condition(frame) !== true) break;
      frame.locals[slot] = next(frame);
    }
    return result(frame);
  };
};

const loopSlots = (
  part: Comprehension,
  slots: ReadonlyMap<string, number>,
  slot: number,
): Map<string, number> => {
  const inside = new Map(slots).set(part.variable, slot + 1);
  return part.second === undefined ? inside : inside.set(part.second, slot + 2);
};

/** Reading an accumulator that holds an error throws it (plan.ts). */
const keepingErrors =
  (step: Step): Step =>
  (frame) => {
    try {
      return step(frame);
    } catch (error) {
      if (error instanceof CelError) return error as unknown as Value;
      throw error;
    }
  };

type Elements = {
  readonly count: number;
  readonly first: (index: number) => Value;
  readonly second?: (index: number) => Value;
};

const elementsOfRange = (range: Value, isPair: boolean): Elements => {
  if (isList(range)) {
    const element = (index: number): Value => range.at(index);
    return isPair
      ? { count: range.size, first: BigInt, second: element }
      : { count: range.size, first: element };
  }
  if (!isMap(range)) throw new CelError('no such overload');
  const keys = range.keys();
  const key = (index: number): Value => keys[index]!;
  const value = (index: number): Value => range.find(keys[index]!)!;
  return isPair ? { count: keys.length, first: key, second: value } : { count: keys.length, first: key };
};

/** `accumulator + [x]` appends in place, at the price of making lists: nobody else can see the accumulator. */
const planStep = (step: Expression, context: PlanContext, slot: number, plan: Plan): Step => {
  if (step.kind !== 'call') return plan(step, context);
  const [first, second, third] = step.args;
  if (step.name === '_?_:_') {
    return planConditional([
      plan(first!, context),
      planStep(second!, context, slot, plan),
      plan(third!, context),
    ]);
  }
  if (step.name !== '_+_' || second?.kind !== 'list') return plan(step, context);
  const element = plan(second.elements[0]!, context);
  return (frame: Frame) => {
    const list = frame.locals[slot] as ValueList;
    const item = element(frame);
    frame.spend(LIST_COST + 2);
    list.items.push(item);
    return list;
  };
};
