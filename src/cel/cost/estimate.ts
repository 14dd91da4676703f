// The least and most that an expression can cost, from the sizes that schemas allow (cel-go checker/cost.go).
import type { Checked } from '../check/check.ts';
import { KEY } from '../schema/declaration.ts';
import type { Declaration } from '../schema/declaration.ts';
import { ACCUMULATOR } from '../syntax/expression.ts';
import type { Call, Comprehension, Expression, Select } from '../syntax/expression.ts';
import { heldByOptional } from '../types/type.ts';
import type { CelType } from '../types/type.ts';
import { LIST_COST, MAP_COST, MESSAGE_COST } from './model.ts';
import type { Estimate, Sized } from './model.ts';
import { NOTHING, UNKNOWN_SIZE, add, exactly, multiply, union } from './range.ts';
import type { Range } from './range.ts';

/** What is known of the value of an expression: its size, its elements' sizes, and the part of a schema that it comes from. */
type Known = {
  readonly size?: Range | undefined;
  readonly elementSize?: Range | undefined;
  readonly declaration?: Declaration | undefined;
};

type Scope = ReadonlyMap<string, Known>;

/** The cost of evaluating a checked expression. O(parts). */
export const estimateCost = (
  expression: Expression,
  checked: Checked,
  declarations: ReadonlyMap<string, Declaration>,
): Range => {
  const scope = new Map([...declarations].map(([name, declaration]) => [name, { declaration }] as const));
  return new Estimator(checked).cost(expression, scope);
};

/** Kubernetes' own types: addresses, quantities and the like. Their texts have been read by then. */
const isQuicklyCompared = (type: CelType): boolean =>
  type.kind === 'opaque' && heldByOptional(type) === undefined;

class Estimator {
  readonly #checked: Checked;
  readonly #known = new Map<Expression, Known>();

  constructor(checked: Checked) {
    this.#checked = checked;
  }

  cost(part: Expression, scope: Scope): Range {
    switch (part.kind) {
      case 'literal':
        return NOTHING;
      case 'ident':
        this.#learn(part, scope.get(part.name));
        return exactly(1);
      case 'select':
        return this.#select(part, scope);
      case 'call':
        return this.#call(part, scope);
      case 'list': {
        const costs = part.elements.map((element) => this.cost(element, scope));
        this.#learn(part, { elementSize: this.#unionOf(part.elements) });
        return add(...costs, exactly(LIST_COST));
      }
      case 'map': {
        const parts = part.entries.flat();
        const costs = parts.map((each) => this.cost(each, scope));
        this.#learn(part, { elementSize: this.#unionOf(part.entries.map(([, value]) => value)) });
        return add(...costs, exactly(MAP_COST));
      }
      case 'message':
        return add(...part.fields.map(({ value }) => this.cost(value, scope)), exactly(MESSAGE_COST));
      case 'comprehension':
        return part.accumulator === ACCUMULATOR ? this.#loop(part, scope) : this.#bind(part, scope);
      default:
        throw new TypeError(part satisfies never);
    }
  }

  #learn(part: Expression, known: Known | undefined): void {
    if (known) this.#known.set(part, known);
  }

  #select(part: Select, scope: Scope): Range {
    if (this.#checked.names.has(part)) return exactly(1);
    const operand = this.cost(part.operand, scope);
    if (part.isTest) return operand;
    const declaration = this.#known.get(part.operand)?.declaration;
    this.#learn(part, { declaration: declaration?.fields?.get(part.field) ?? declaration?.element });
    const { kind } = this.#type(part.operand);
    return kind === 'map' || kind === 'object' || kind === 'param' ? add(operand, exactly(1)) : operand;
  }

  #type(part: Expression): CelType {
    return this.#checked.types.get(part)!;
  }

  /** The size if anything tells it: the expression itself, the schema, the type, or where it was bound. */
  #size(part: Expression): Range | undefined {
    const known = this.#known.get(part);
    if (known?.size) return known.size;
    const written = writtenSize(part);
    if (written !== undefined) return exactly(written);
    if (known?.declaration) return { min: 0, max: known.declaration.maxSize };
    return isScalar(this.#type(part)) ? exactly(1) : undefined;
  }

  #sizeOrUnknown(part: Expression): Range {
    return this.#size(part) ?? UNKNOWN_SIZE;
  }

  #unionOf(parts: readonly Expression[]): Range {
    return parts
      .map((part) => this.#sizeOrUnknown(part))
      .reduce(union, parts.length === 0 ? NOTHING : this.#sizeOrUnknown(parts[0]!));
  }

  #sized(part: Expression): Sized {
    const known = this.#known.get(part);
    const type = this.#type(part);
    const element = type.kind === 'list' ? type.element : undefined;
    const { declaration } = known ?? {};
    const elementSize =
      known?.elementSize ??
      (declaration?.element && { min: 0, max: declaration.element.maxSize }) ??
      UNKNOWN_SIZE;
    return {
      size: this.#sizeOrUnknown(part),
      elementSize: element && elementSize,
      isOpaque: type.kind === 'opaque' && !heldByOptional(type),
      holdsText: element?.kind === 'string' || element?.kind === 'bytes',
      number: part.kind === 'literal' && typeof part.value === 'bigint' ? Number(part.value) : undefined,
    };
  }

  #call(part: Call, scope: Scope): Range {
    const reference = this.#checked.references.get(part);
    const parts = part.target && !reference?.isNamespaced ? [part.target, ...part.args] : part.args;
    const costs = parts.map((each) => this.cost(each, scope));
    if (part.name === 'dyn') {
      this.#learn(part, this.#known.get(parts[0]!));
      return add(costs[0]!, exactly(1));
    }
    if (part.name === '_?._') return this.#optionalSelect(part, costs[0]!);
    if (part.name === '_&&_' || part.name === '_||_') return { min: costs[0]!.min, max: add(...costs).max };
    if (part.name === '_?_:_') return this.#conditional(part, costs);
    if (part.name === '_==_' && isQuicklyCompared(this.#type(parts[0]!))) return add(...costs, exactly(1));
    const sized = parts.map((each) => this.#sized(each));
    const estimates = (reference?.overloads ?? []).map(({ cost }) => cost.estimate(sized));
    this.#learnResult(part, parts, estimates);
    return add(...costs, estimates.map(({ cost }) => cost).reduce(union));
  }

  #learnResult(part: Call, parts: readonly Expression[], estimates: readonly Estimate[]): void {
    const first = this.#known.get(parts[0]!);
    if (part.name === '_[_]' || part.name === '_[?_]') {
      this.#learn(part, { declaration: first?.declaration?.element, size: first?.elementSize });
      return;
    }
    const sizes = estimates.flatMap(({ size }) => (size ? [size] : []));
    const size = sizes.length > 0 ? sizes.reduce(union) : undefined;
    const [left, right] = parts.slice(0, 2).map((each) => this.#sized(each).elementSize);
    this.#learn(part, {
      size,
      elementSize: part.name === '_+_' && left && right ? union(left, right) : undefined,
    });
  }

  #optionalSelect(part: Call, operand: Range): Range {
    const declaration = this.#known.get(part.args[0]!)?.declaration;
    const { value } = part.args[1] as Expression & { readonly value: string };
    this.#learn(part, { declaration: declaration?.fields?.get(value) ?? declaration?.element });
    return add(operand, exactly(1));
  }

  #conditional(part: Call, costs: readonly Range[]): Range {
    const [, then, otherwise] = part.args;
    const [left, right] = [this.#sized(then!).elementSize, this.#sized(otherwise!).elementSize];
    this.#learn(part, {
      size: union(this.#sizeOrUnknown(then!), this.#sizeOrUnknown(otherwise!)),
      elementSize: left && right && union(left, right),
    });
    return add(costs[0]!, union(costs[1]!, costs[2]!));
  }

  #loop(part: Comprehension, scope: Scope): Range {
    const costs = [this.cost(part.range, scope), this.cost(part.start, scope)];
    const { elementSize } = this.#known.get(part.start) ?? {};
    const around = new Map(scope).set(part.accumulator, { size: this.#size(part.start), elementSize });
    const inside = this.#loopScope(part, around);
    const perElement = add(this.cost(part.condition, inside), this.cost(part.step, inside));
    const result = this.cost(part.result, around);
    const count = this.#sizeOrUnknown(part.range);
    const collects = part.start.kind === 'list' || part.start.kind === 'map';
    const size = collects ? count : this.#size(part.start);
    this.#learn(part, { size, elementSize: collects ? this.#known.get(part.step)?.elementSize : undefined });
    return add(...costs, multiply(count, perElement), result);
  }

  #loopScope(part: Comprehension, around: Scope): Scope {
    const { declaration, elementSize } = this.#known.get(part.range) ?? {};
    const element: Known = declaration ? { declaration: declaration.element } : { size: elementSize };
    const key: Known = declaration?.type.kind === 'map' ? { declaration: KEY } : {};
    const isList = this.#type(part.range).kind === 'list';
    const inside = new Map(around).set(part.variable, part.second === undefined && isList ? element : key);
    return part.second === undefined ? inside : inside.set(part.second, element);
  }

  #bind(part: Comprehension, scope: Scope): Range {
    const costs = [this.cost(part.range, scope), this.cost(part.start, scope)];
    const known: Known = { ...this.#known.get(part.start), size: this.#size(part.start) };
    costs.push(this.cost(part.result, new Map(scope).set(part.accumulator, known)));
    this.#learn(part, this.#known.get(part.result));
    return add(...costs);
  }
}

/** The size of what is written out: a text, a list, a map. */
const writtenSize = (part: Expression): number | undefined => {
  if (part.kind === 'list') return part.elements.length;
  if (part.kind === 'map') return part.entries.length;
  if (part.kind !== 'literal') return undefined;
  const { value } = part;
  return typeof value === 'string'
    ? Array.from(value).length
    : value instanceof Uint8Array
      ? value.length
      : 1;
};

const SCALARS = ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'];

const isScalar = (type: CelType): boolean => {
  const held = heldByOptional(type);
  return held ? isScalar(held) : SCALARS.includes(type.kind);
};
