// The type checker: cel-go's rules and messages (checker/checker.go, checker/errors.go) over our tree.
import type { Overload, FunctionTable } from '../functions/overload.ts';
import { dottedName } from '../syntax/expression.ts';
import type { Call, Comprehension, Expression, MessageExpression, Select } from '../syntax/expression.ts';
import type { Issue } from '../syntax/issue.ts';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DYN,
  ERROR,
  INT,
  NULL,
  STRING,
  UINT,
  heldByOptional,
  listOf,
  mapOf,
  optionalOf,
  parametersOf,
  typeText,
} from '../types/type.ts';
import type { CelType, ObjectType } from '../types/type.ts';
import type { Value } from '../values/value.ts';
import { noMatchingOverload, resolveOverloads } from './overloads.ts';
import { assignAll, mostGeneral, resolve } from './unify.ts';
import type { Bindings } from './unify.ts';

export type Declarations = {
  readonly functions: FunctionTable;
  readonly variables: ReadonlyMap<string, CelType>;
  /** The types of messages that expressions may make, by name; undefined: there is none of that name. */
  readonly messages?: (name: string) => ObjectType | undefined;
};

/** What a call turned out to be. */
export type Reference = {
  /** The rows that its arguments fit, never none. */
  readonly overloads: readonly Overload[];
  /** `ip.isCanonical(x)` is a function of that name, not a member of `ip`: the target is no argument. */
  readonly isNamespaced: boolean;
};

export type Checked = {
  readonly types: ReadonlyMap<Expression, CelType>;
  readonly references: ReadonlyMap<Call, Reference>;
  /** Dotted names that stand for one variable: `google.protobuf.Timestamp`. */
  readonly names: ReadonlyMap<Expression, string>;
  readonly issues: readonly Issue[];
};

/** Types of every part of an expression, and what is wrong with it. O(parts * overloads). */
export const check = (expression: Expression, declarations: Declarations): Checked => {
  const checker = new Checker(declarations);
  checker.check(expression, new Map());
  return checker.checked();
};

/** Variables of loops around an expression. */
type Scope = ReadonlyMap<string, CelType>;

class Checker {
  readonly #declarations: Declarations;
  readonly #types = new Map<Expression, CelType>();
  readonly #references = new Map<Call, Reference>();
  readonly #names = new Map<Expression, string>();
  readonly #issues: Issue[] = [];
  #bindings: Bindings = new Map();
  #variables = 0;

  constructor(declarations: Declarations) {
    this.#declarations = declarations;
  }

  checked(): Checked {
    const types = new Map(
      [...this.#types].map(([part, type]) => [part, resolve(this.#bindings, type, 'dyn')]),
    );
    return { types, references: this.#references, names: this.#names, issues: this.#issues };
  }

  check(part: Expression, scope: Scope): CelType {
    const type = this.#typeOf(part, scope);
    this.#types.set(part, type);
    return type;
  }

  #typeOf(part: Expression, scope: Scope): CelType {
    switch (part.kind) {
      case 'literal':
        return literalType(part.value);
      case 'ident':
        return this.#named(part, part.name, scope) ?? this.#undeclared(part, part.name);
      case 'select':
        return this.#select(part, scope);
      case 'call':
        return this.#call(part, scope);
      case 'list':
        return listOf(this.#joined(part.elements, scope));
      case 'map':
        return mapOf(
          this.#joined(
            part.entries.map(([key]) => key),
            scope,
          ),
          this.#joined(
            part.entries.map(([, value]) => value),
            scope,
          ),
        );
      case 'message':
        return this.#message(part, scope);
      case 'comprehension':
        return this.#comprehension(part, scope);
      default:
        throw new TypeError(part satisfies never);
    }
  }

  #named(part: Expression, name: string, scope: Scope): CelType | undefined {
    const type = scope.get(name) ?? this.#declarations.variables.get(name);
    if (type) this.#names.set(part, name);
    return type;
  }

  #report(part: Expression, message: string): CelType {
    this.#issues.push({ at: part.at, message });
    return ERROR;
  }

  #undeclared(part: Expression, name: string): CelType {
    return this.#report(part, `undeclared reference to '${name}' (in container '')`);
  }

  #select(part: Select, scope: Scope): CelType {
    const name = part.isTest ? undefined : dottedName(part);
    if (name !== undefined && !scope.has(name.split('.', 1)[0]!)) {
      const type = this.#named(part, name, scope);
      if (type) return type;
    }
    const type = this.#field(part, part.operand, part.field, scope);
    return part.isTest ? BOOL : resolve(this.#bindings, type, 'keep');
  }

  /** The type of a field of an operand: optional if the operand is. */
  #field(part: Expression, operand: Expression, field: string, scope: Scope): CelType {
    const type = resolve(this.#bindings, this.check(operand, scope), 'keep');
    const held = heldByOptional(type);
    const result = this.#fieldType(part, held ?? type, field);
    return held ? optionalOf(result) : result;
  }

  #fieldType(part: Expression, type: CelType, field: string): CelType {
    if (type.kind === 'map') return type.value;
    if (type.kind === 'object') {
      return fieldOf(type, field) ?? this.#report(part, `undefined field '${field}'`);
    }
    if (!this.#isDynamic(type)) {
      this.#report(part, `type '${typeText(type)}' does not support field selection`);
    }
    return DYN;
  }

  /** Whether a type may turn out to be anything; a free variable becomes dyn by that. */
  #isDynamic(type: CelType): boolean {
    if (type.kind === 'param') this.#assign(DYN, type);
    return type.kind === 'param' || type.kind === 'dyn' || type.kind === 'error';
  }

  #call(part: Call, scope: Scope): CelType {
    if (part.name === '_?._') return this.#optionalSelect(part, scope);
    const args = part.args.map((arg) => this.check(arg, scope));
    const prefix = part.target && dottedName(part.target);
    const spaced = prefix === undefined ? undefined : `${prefix}.${part.name}`;
    if (spaced !== undefined && this.#declarations.functions.has(spaced)) {
      return this.#overloads(part, spaced, args, false);
    }
    if (part.target) args.unshift(this.check(part.target, scope));
    if (!this.#declarations.functions.has(part.name)) return this.#undeclared(part, part.name);
    return this.#overloads(part, part.name, args, part.target !== undefined);
  }

  #optionalSelect(part: Call, scope: Scope): CelType {
    const [operand, field] = part.args as [Expression, Expression & { readonly value: string }];
    const type = resolve(this.#bindings, this.#field(part, operand, field.value, scope), 'keep');
    return heldByOptional(type) ? type : optionalOf(type);
  }

  #overloads(part: Call, name: string, args: readonly CelType[], isMember: boolean): CelType {
    const rows = this.#declarations.functions.get(name)!;
    if (name === '_&&_' || name === '_||_') return this.#logical(part, rows, args);
    const found = resolveOverloads(rows, args, isMember, this.#bindings, () => this.#fresh());
    if (!found) {
      const types = args.map((type) => resolve(this.#bindings, type, 'dyn'));
      return this.#report(part, noMatchingOverload(name, types, isMember));
    }
    this.#bindings = found.bindings;
    const isNamespaced = part.target !== undefined && !isMember;
    this.#references.set(part, { overloads: found.overloads, isNamespaced });
    return found.result;
  }

  #logical(part: Call, overloads: readonly Overload[], args: readonly CelType[]): CelType {
    this.#references.set(part, { overloads, isNamespaced: false });
    const fits = part.args.map((arg, i) => this.#expect(arg, args[i]!, BOOL));
    return fits.every(Boolean) ? BOOL : ERROR;
  }

  #expect(part: Expression, type: CelType, expected: CelType): boolean {
    if (this.#assign(type, expected)) return true;
    this.#report(
      part,
      `expected type '${typeText(expected)}' but found '${typeText(resolve(this.#bindings, type, 'keep'))}'`,
    );
    return false;
  }

  #assign(from: CelType, to: CelType): boolean {
    const bindings = assignAll(this.#bindings, [from], [to]);
    if (bindings) this.#bindings = bindings;
    return bindings !== undefined;
  }

  #fresh(): CelType {
    return { kind: 'param', name: `_var${this.#variables++}` };
  }

  /** The type that all parts have; dyn if they differ (where that is refused: check/literals.ts). */
  #joined(parts: readonly Expression[], scope: Scope): CelType {
    let joined: CelType | undefined;
    for (const part of parts) {
      const type = this.check(part, scope);
      if (joined === undefined) joined = type;
      else joined = this.#assign(joined, type) ? mostGeneral(joined, type) : DYN;
    }
    return joined ?? this.#fresh();
  }

  #message(part: MessageExpression, scope: Scope): CelType {
    const type = this.#declarations.messages?.(part.name);
    for (const { at, name, value } of part.fields) {
      const given = this.check(value, scope);
      if (!type) continue;
      const wanted = fieldOf(type, name);
      if (!wanted) this.#issues.push({ at, message: `undefined field '${name}'` });
      else if (!this.#assign(given, wanted)) {
        const [expected, provided] = [wanted, given].map((each) =>
          typeText(resolve(this.#bindings, each, 'dyn')),
        );
        const message = `expected type of field '${name}' is '${expected}' but provided type is '${provided}'`;
        this.#issues.push({ at, message });
      }
    }
    return type ?? this.#undeclared(part, part.name);
  }

  #comprehension(part: Comprehension, scope: Scope): CelType {
    const range = resolve(this.#bindings, this.check(part.range, scope), 'keep');
    const start = this.check(part.start, scope);
    const around = new Map(scope).set(part.accumulator, start);
    const [first, second] = this.#loopVariables(part, range);
    const inside = new Map(around).set(part.variable, first);
    if (part.second !== undefined) inside.set(part.second, second);
    this.#expectLoop(part.condition, BOOL, this.check(part.condition, inside));
    this.#expectLoop(part.step, start, this.check(part.step, inside));
    return resolve(this.#bindings, this.check(part.result, around), 'keep');
  }

  #expectLoop(part: Expression, expected: CelType, type: CelType): void {
    if (this.#assign(expected, type)) return;
    const [wanted, found] = [expected, type].map((each) => typeText(resolve(this.#bindings, each, 'dyn')));
    this.#report(part, `expected type '${wanted}' but found '${found}'`);
  }

  /** Types of the variables of a loop over a range, with one variable and with two. */
  #loopVariables(part: Comprehension, range: CelType): readonly [CelType, CelType] {
    if (range.kind === 'list') {
      return part.second === undefined ? [range.element, ERROR] : [INT, range.element];
    }
    if (range.kind === 'map') return [range.key, range.value];
    if (this.#isDynamic(range)) return [DYN, DYN];
    this.#report(
      part.range,
      `expression of type '${typeText(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    );
    return [ERROR, ERROR];
  }
}

const fieldOf = ({ fields, isOpen }: ObjectType, name: string): CelType | undefined =>
  fields.get(name) ?? (isOpen ? DYN : undefined);

const SCALARS: Readonly<Record<string, CelType>> = {
  boolean: BOOL,
  bigint: INT,
  number: DOUBLE,
  string: STRING,
};

const literalType = (value: Value): CelType => {
  if (typeof value !== 'object') return SCALARS[typeof value]!;
  if (value === null) return NULL;
  return value instanceof Uint8Array ? BYTES : UINT;
};

/** Whether a type, or one within it, is only known at run time. */
export const isDynamic = (type: CelType): boolean =>
  type.kind === 'dyn' || type.kind === 'error' || parametersOf(type).some(isDynamic);
