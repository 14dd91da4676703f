// x-kubernetes-validations at work: a resource, the one that it replaces, and what the rules say about it
// (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go, 1.37).
import type { FieldError } from '../../k8s/field-error.ts';
import { invalid } from '../../k8s/field-errors.ts';
import { isJsonObject } from '../../lang/json.ts';
import { CALL_COST_LIMIT } from '../compile.ts';
import type { Evaluation, Program } from '../compile.ts';
import type { Bound } from '../evaluate/frame.ts';
import { typedValue } from '../schema/json-value.ts';
import type { Schema } from '../schema/schema.ts';
import { CelError, Optional } from '../values/value.ts';
import type { Value } from '../values/value.ts';
import type { CompiledRule } from './compile-rule.ts';
import { itemCorrelation, memberCorrelation, rootCorrelation } from './correlate.ts';
import type { Correlation } from './correlate.ts';
import { evaluateMessage, ruleError, ruleText } from './rule-error.ts';
import { ruleTree } from './rule-tree.ts';
import type { RuleNode } from './rule-tree.ts';

/** The rules of one version of a CustomResourceDefinition. */
export type Rules = {
  readonly isEmpty: boolean;
  /** What the rules say about an object; `before` is what an update replaces. A rule that errs rejects. */
  readonly check: (object: unknown, before: unknown) => readonly FieldError[];
};

/** What all rules of one object may cost, about a second (k8s.io/apiserver/pkg/apis/cel, RuntimeCELCostBudget). */
const OBJECT_COST_BUDGET = 10_000_000;

/** Compiles a schema's rules, once for a version; rules that do not compile reject every object. */
export const compileRules = (schema: Schema): Rules => {
  const root = ruleTree(schema);
  if (!root) return { isEmpty: true, check: () => [] };
  return {
    isEmpty: false,
    check: (object, before) => {
      const run = new Run();
      run.node(root, '', object, rootCorrelation(object, before));
      return run.errors;
    },
  };
};

/** One object's validation: its findings, and what is left to spend. */
class Run {
  readonly errors: FieldError[] = [];
  #left = OBJECT_COST_BUDGET;
  #isOver = false;

  /** The rules of a part of the object and of all within it. */
  node(node: RuleNode, path: string, value: unknown, correlation: Correlation): void {
    if (value === null || value === undefined || this.#isOver) return;
    if (node.rules.length > 0) this.#rules(node, path, value, correlation);
    for (const part of node.allOf) this.node(part, path, value, correlation);
    if (Array.isArray(value)) this.#items(node, path, value, correlation);
    else if (isJsonObject(value)) this.#members(node, path, value, correlation);
  }

  #items(
    { items, schema }: RuleNode,
    path: string,
    list: readonly unknown[],
    correlation: Correlation,
  ): void {
    if (!items) return;
    for (const [index, item] of list.entries()) {
      this.node(items, `${path}[${index}]`, item, itemCorrelation(correlation, schema, item));
    }
  }

  #members(
    { values, properties }: RuleNode,
    path: string,
    object: Readonly<Record<string, unknown>>,
    correlation: Correlation,
  ): void {
    if (!values && properties.size === 0) return;
    for (const [name, member] of Object.entries(object)) {
      const inner = memberCorrelation(correlation, name, member);
      if (values) this.node(values, `${path}[${name}]`, member, inner);
      const property = properties.get(name);
      if (property) this.node(property, path === '' ? name : `${path}.${name}`, member, inner);
    }
  }

  #rules(node: RuleNode, path: string, value: unknown, correlation: Correlation): void {
    const { schema } = node;
    const self = valueOrError(value, schema);
    const old = correlation.before && valueOrError(correlation.before.value, schema);
    for (const rule of node.rules) {
      const isOptional = rule.rule.optionalOldSelf ?? false;
      if (this.#isOver) return;
      if (rule.usesOldSelf && !old && !isOptional) continue;
      this.#rule(rule, { path, value, schema, correlation }, bindings(self, old, isOptional));
    }
  }

  #rule(rule: CompiledRule, place: Place, bound: Bound): void {
    const { path, schema, correlation } = place;
    if (typeof rule.program === 'string')
      return this.#add(path, schema, `rule compile error: ${rule.program}`);
    const result = this.#evaluate(rule.program, bound);
    if (!result)
      return this.#stop(
        path,
        schema,
        'validation failed due to running out of cost budget, no further validation rules will be run',
      );
    if (!result.ok) return this.#failed(rule, place, result);
    if (result.value === true) return;
    const message = evaluateMessage(rule, (program) => this.#evaluate(program, bound));
    if (message.kind === 'stop') this.#isOver = true;
    if (!rule.usesOldSelf && correlation.isUnchanged()) return;
    if (message.kind === 'stop') this.#add(fieldPath(path, rule), schema, message.detail);
    else this.errors.push(ruleError(rule.rule.reason, fieldPath(path, rule), shown(place), message.detail));
  }

  #failed(
    { rule }: CompiledRule,
    { path, schema }: Place,
    result: Evaluation & { readonly ok: false },
  ): void {
    if (result.reason === 'cost-exceeded') {
      return this.#stop(
        path,
        schema,
        `'${result.error}': no further validation rules will be run due to call cost exceeds limit for rule: ${ruleText(rule)}`,
      );
    }
    const why = result.error.startsWith('no such overload')
      ? `'${result.error}': call arguments did not match a supported operator, function or macro signature for rule: ${ruleText(rule)}`
      : `${result.error} evaluating rule: ${ruleText(rule)}`;
    this.#add(path, schema, why);
  }

  /** Undefined if the object's budget is spent. */
  #evaluate(program: Program, bound: Bound): Evaluation | undefined {
    if (this.#left <= 0) return undefined;
    const result = program.evaluate(bound, CALL_COST_LIMIT);
    if (result.cost > this.#left) return undefined;
    this.#left -= result.cost;
    return result;
  }

  #add(path: string, schema: Schema, detail: string): void {
    this.errors.push(invalid(path || '<nil>', schema.type ?? '', detail));
  }

  #stop(path: string, schema: Schema, detail: string): void {
    this.#isOver = true;
    this.#add(path, schema, detail);
  }
}

/** Where a rule is evaluated, and on what. */
type Place = {
  readonly path: string;
  readonly value: unknown;
  readonly schema: Schema;
  readonly correlation: Correlation;
};

const fieldPath = (path: string, { fieldPath: below }: CompiledRule): string => {
  if (below === undefined) return path || '<nil>';
  return path === '' ? below : `${path}.${below}`;
};

/** Objects and lists are too large to be shown. */
const shown = ({ schema, value }: Place): unknown =>
  schema.type === 'object' || schema.type === 'array' ? undefined : value;

const valueOrError = (json: unknown, schema: Schema): Value | CelError => {
  try {
    return typedValue(json, schema);
  } catch (error) {
    if (error instanceof CelError) return error;
    throw error;
  }
};

/** The variables of a rule; data that are not what the schema says make it fail when it looks at them. */
const bindings = (self: Value | CelError, old: Value | CelError | undefined, isOptional: boolean): Bound => ({
  get self() {
    return valid(self);
  },
  get oldSelf() {
    if (!isOptional) return valid(old ?? new CelError('no such attribute(s): oldSelf'));
    return old === undefined ? Optional.NONE : new Optional(valid(old));
  },
});

const valid = (value: Value | CelError): Value => {
  if (value instanceof CelError) throw value;
  return value;
};
