// A checked expression as closures: what can be decided once is decided here, not at each evaluation.
import { LIST_COST, MAP_COST, MESSAGE_COST } from '../cost/model.ts';
import type { Reference } from '../check/check.ts';
import { isDynamic } from '../check/check.ts';
import { takesNull } from '../check/unify.ts';
import { indexOptional } from '../functions/operators.ts';
import type { Overload } from '../functions/overload.ts';
import type { Call, Expression, Select } from '../syntax/expression.ts';
import {
  CelError,
  Message,
  Optional,
  ValueList,
  ValueMap,
  isList,
  isMap,
  typeNameOf,
} from '../values/value.ts';
import type { Value } from '../values/value.ts';
import { planComprehension } from './comprehension.ts';
import { fits } from './fits.ts';
import type { Frame } from './frame.ts';
import type { PlanContext, Step } from './step.ts';
import { planAnd, planConditional, planNotStrictlyFalse, planOr } from './logic.ts';

/** The expression as a function of a frame, which throws CelError or CostExceeded. */
export const plan = (part: Expression, context: PlanContext): Step => {
  switch (part.kind) {
    case 'literal': {
      const { value } = part;
      return () => value;
    }
    case 'ident':
      return planName(part.name, context);
    case 'select':
      return planSelect(part, context);
    case 'call':
      return planCall(part, context);
    case 'list':
      return planList(part.elements.map((element) => plan(element, context)));
    case 'map':
      return planMap(part.entries.map(([key, value]) => [plan(key, context), plan(value, context)]));
    case 'message':
      return planMessage(
        part.name,
        part.fields.map(({ name, value }) => [name, plan(value, context)]),
      );
    case 'comprehension':
      return planComprehension(part, context, plan);
    default:
      throw new TypeError(part satisfies never);
  }
};

const planName = (name: string, { slots, constants }: PlanContext): Step => {
  const slot = slots.get(name);
  if (slot !== undefined) {
    return (frame) => {
      frame.spend(1);
      const value = frame.locals[slot] as Value | CelError;
      if (value instanceof CelError) throw value;
      return value;
    };
  }
  const constant = constants[name];
  return (frame) => {
    frame.spend(1);
    const value = frame.bound[name];
    if (value !== undefined) return value;
    if (constant === undefined) throw new CelError(`no such attribute(s): ${name}`);
    return constant;
  };
};

const planSelect = (part: Select, context: PlanContext): Step => {
  const name = context.checked.names.get(part);
  if (name !== undefined) return planName(name, context);
  const operand = plan(part.operand, context);
  const { field } = part;
  // As kube-apiserver has it, whether a field is there is known for free.
  if (part.isTest) return (frame) => isThere(operand(frame), field);
  return (frame) => {
    const value = operand(frame);
    frame.spend(1);
    return selectField(value, field);
  };
};

const isThere = (value: Value, field: string): boolean => {
  if (value instanceof Optional) return value.value !== undefined && isThere(value.value, field);
  if (!isMap(value)) throw new CelError('no such overload');
  return value.find(field) !== undefined;
};

const selectField = (value: Value, field: string): Value => {
  if (value instanceof Optional) return value.value === undefined ? value : optionalField(value.value, field);
  if (!isMap(value)) throw new CelError('no such overload');
  const found = value.find(field);
  if (found === undefined) throw new CelError(`no such key: ${field}`);
  return found;
};

const optionalField = (value: Value, field: string): Optional => {
  if (!isMap(value) && !isList(value)) throw new CelError('no such overload');
  return indexOptional(value, field);
};

const planList =
  (elements: readonly Step[]): Step =>
  (frame) => {
    const items = elements.map((element) => element(frame));
    frame.spend(LIST_COST);
    return new ValueList(items);
  };

const planMap =
  (entries: readonly (readonly [Step, Step])[]): Step =>
  (frame) => {
    const map = new ValueMap();
    for (const [key, value] of entries) map.set(key(frame), value(frame));
    frame.spend(MAP_COST);
    return map;
  };

const planMessage =
  (typeName: string, fields: readonly (readonly [string, Step])[]): Step =>
  (frame) => {
    const message = new Message(typeName);
    for (const [name, value] of fields) message.set(name, value(frame));
    frame.spend(MESSAGE_COST);
    return message;
  };

/** Calls whose arguments are not all evaluated, or not before them. */
const SPECIAL: Readonly<Record<string, (args: readonly Step[]) => Step>> = {
  '_&&_': planAnd,
  '_||_': planOr,
  '_?_:_': planConditional,
  '@not_strictly_false': planNotStrictlyFalse,
};

const planCall = (part: Call, context: PlanContext): Step => {
  const args = part.args.map((arg) => plan(arg, context));
  if (part.name === '_?._') return planOptionalSelect(args[0]!, part.args[1]!);
  const special = SPECIAL[part.name];
  if (special) return special(args);
  const reference = context.checked.references.get(part)!;
  const parts = part.target && !reference.isNamespaced ? [part.target, ...part.args] : part.args;
  if (part.target && !reference.isNamespaced) args.unshift(plan(part.target, context));
  const types = parts.map((each) => context.checked.types.get(each)!);
  const [only] = reference.overloads;
  const isKnown = reference.overloads.length === 1 && !types.some(isDynamic);
  if (isKnown && !only!.parameters.some(takesNull)) return planKnown(only!, args);
  return planDynamic(part.name, reference, args);
};

const planOptionalSelect = (operand: Step, field: Expression): Step => {
  const name = (field as Expression & { readonly value: string }).value;
  return (frame) => {
    const value = operand(frame);
    frame.spend(1);
    if (value instanceof Optional)
      return value.value === undefined ? value : optionalField(value.value, name);
    return optionalField(value, name);
  };
};

/** The checker knows the overload. Most take one or two values at a price that is known: they need no array. */
const planKnown = (row: Overload, args: readonly Step[]): Step => {
  const { run, cost } = row;
  const [first, second] = args as [Step, Step];
  const price = cost.fixed;
  if (price === undefined || args.length === 0 || args.length > 2) {
    return (frame) =>
      invoke(
        row,
        args.map((arg) => arg(frame)),
        frame,
      );
  }
  if (args.length === 1) {
    return (frame) => {
      const result = run(first(frame));
      frame.spend(price);
      return result;
    };
  }
  return (frame) => {
    const result = run(first(frame), second(frame));
    frame.spend(price);
    return result;
  };
};

const invoke = ({ run, cost }: Overload, values: readonly Value[], frame: Frame): Value => {
  if (cost.isPrepaid) frame.spend(cost.actual(values, null));
  const result = run(...values);
  if (!cost.isPrepaid) frame.spend(cost.actual(values, result));
  return result;
};

/** The values decide which overload it is. */
const planDynamic =
  (name: string, { overloads }: Reference, args: readonly Step[]): Step =>
  (frame) => {
    const values = args.map((arg) => arg(frame));
    const row = overloads.find(({ parameters }) => parameters.every((type, i) => fits(type, values[i]!)));
    if (!row) throw new CelError(noSuchOverload(name, values));
    return invoke(row, values, frame);
  };

const noSuchOverload = (name: string, values: readonly Value[]): string =>
  /^\w/.test(name) && !name.startsWith('_')
    ? `no such overload: ${name}(${values.map(typeNameOf).join(', ')})`
    : 'no such overload';
