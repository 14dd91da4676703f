// One policy, one binding's parameter and one request: what the policy's expressions say
// (k8s.io/apiserver/pkg/admission/plugin/policy/validating/validator.go, plugin/webhook/matchconditions; 1.37).
import type { Evaluation } from '../../../cel/compile.ts';
import { CelError, typeNameOf } from '../../../cel/values/value.ts';
import type { CelMap, Value } from '../../../cel/values/value.ts';
import type { Validation } from '../../../k8s/generated/types.ts';
import type { CompiledPolicy, Expression } from './compile-policy.ts';
import { admissionValues } from './variables.ts';
import type { Inputs } from './variables.ts';

/** Something that the policy denies: a validation that does not hold, or a failure where failures deny. */
export type Denial = {
  /** Which validation it was. */
  readonly index: number;
  readonly message: string;
  /** Undefined for failures: then it is Invalid. */
  readonly reason: string | undefined;
};

export type Verdict = {
  readonly denials: readonly Denial[];
  /** What goes into the audit log. */
  readonly annotations: readonly { readonly key: string; readonly value: string }[];
  /** Failures of audit annotations: they deny whatever the binding's actions are. */
  readonly broken: readonly Denial[];
};

/** What the expressions of one policy may cost for a binding, and its match conditions (k8s.io/apiserver/pkg/apis/cel). */
const POLICY_COST_BUDGET = 10_000_000;
const CONDITIONS_COST_BUDGET = 2_500_000;
const LONGEST_MESSAGE = 5 * 1024;
const LONGEST_ANNOTATION = 10 * 1024;

const NOTHING: Verdict = { denials: [], annotations: [], broken: [] };

/** `isLenient`: failures let pass (failurePolicy Ignore). */
export const evaluatePolicy = (
  policy: CompiledPolicy,
  inputs: Omit<Inputs, 'variables'>,
  isLenient: boolean,
): Verdict => {
  const failed = (message: string): Verdict =>
    isLenient ? NOTHING : { ...NOTHING, denials: [{ index: 0, message, reason: undefined }] };
  const matched = meetsConditions(policy, inputs);
  if (matched === false) return NOTHING;
  if (matched !== true) return failed(matched.failure);
  const budget = new Budget(POLICY_COST_BUDGET);
  const values = bind(policy, inputs, budget);
  const denials: Denial[] = [];
  try {
    for (const [index, validation] of policy.validations.entries()) {
      const denial = validate(validation, values, budget, isLenient);
      if (denial) denials.push({ index, ...denial });
    }
  } catch (error) {
    if (error instanceof OutOfBudget) return failed(error.message);
    throw error;
  }
  return { denials, ...annotate(policy, inputs, isLenient) };
};

class OutOfBudget extends Error {}

/** What is left to spend; variables take from it while an expression that reads them runs. */
class Budget {
  #left: number;
  constructor(left: number) {
    this.#left = left;
  }

  /** Throws OutOfBudget. */
  spend(cost: number): void {
    this.#left -= cost;
    if (this.#left >= 0) return;
    throw new OutOfBudget(
      'validation failed due to running out of cost budget, no further validation rules will be run',
    );
  }
}

const bind = (
  policy: Pick<CompiledPolicy, 'variables'>,
  inputs: Omit<Inputs, 'variables'>,
  budget: Budget,
): object => {
  const variables = new Variables(policy.variables, budget, () => values);
  const values: object = admissionValues({ ...inputs, variables });
  return values;
};

/** A policy's variables, each evaluated once, when an expression first reads it. */
class Variables implements CelMap {
  readonly isMap = true;
  readonly #expressions: CompiledPolicy['variables'];
  readonly #budget: Budget;
  readonly #values: () => object;
  readonly #known = new Map<string, Value | CelError>();

  constructor(expressions: CompiledPolicy['variables'], budget: Budget, values: () => object) {
    this.#expressions = expressions;
    this.#budget = budget;
    this.#values = values;
  }

  get size(): number {
    return this.#expressions.size;
  }

  keys(): readonly Value[] {
    return [...this.#expressions.keys()];
  }

  find(key: Value): Value | undefined {
    const name = String(key);
    const expression = this.#expressions.get(name);
    if (!expression) return undefined;
    const value = this.#known.get(name) ?? this.#evaluate(name, expression);
    this.#known.set(name, value);
    if (value instanceof CelError) throw value;
    return value;
  }

  #evaluate(name: string, { program }: Expression): Value | CelError {
    const what = `composited variable ${JSON.stringify(name)}`;
    if (typeof program === 'string') return new CelError(`${what} fails to compile: ${program}`);
    const result = program.evaluate(this.#values());
    this.#budget.spend(result.cost);
    return result.ok ? result.value : new CelError(`${what} fails to evaluate: ${result.error}`);
  }
}

/** The value, or why there is none. */
export type Outcome = { readonly value: Value } | { readonly failure: string };

const evaluate = ({ source, program }: Expression, values: object, budget: Budget): Outcome => {
  if (typeof program === 'string') return { failure: `compilation error: ${program}` };
  const result: Evaluation = program.evaluate(values);
  budget.spend(result.cost);
  return result.ok
    ? { value: result.value }
    : { failure: `expression '${source}' resulted in error: ${result.error}` };
};

/** An expression by itself, with the policy's variables. */
export const evaluateAlone = (
  policy: Pick<CompiledPolicy, 'variables'>,
  inputs: Omit<Inputs, 'variables'>,
  expression: Expression,
): Outcome => {
  const budget = new Budget(POLICY_COST_BUDGET);
  return evaluateWithin(expression, bind(policy, inputs, budget), budget);
};

/** Whether all match conditions hold: false as soon as one does not, a failure if none says no and one fails. */
export const meetsConditions = (
  policy: Pick<CompiledPolicy, 'conditions' | 'variables'>,
  inputs: Omit<Inputs, 'variables'>,
): boolean | { readonly failure: string } => {
  const budget = new Budget(CONDITIONS_COST_BUDGET);
  const values = bind(policy, { ...inputs, namespace: undefined }, budget);
  const failures: string[] = [];
  try {
    for (const condition of policy.conditions) {
      const outcome = evaluate(condition, values, budget);
      if ('failure' in outcome) failures.push(outcome.failure);
      else if (outcome.value === false) return false;
    }
  } catch (error) {
    if (error instanceof OutOfBudget) return { failure: error.message };
    throw error;
  }
  if (failures.length === 0) return true;
  return { failure: failures.length === 1 ? failures[0]! : `[${failures.join(', ')}]` };
};

const validate = (
  validation: CompiledPolicy['validations'][number],
  values: object,
  budget: Budget,
  isLenient: boolean,
): Omit<Denial, 'index'> | undefined => {
  const outcome = evaluate(validation, values, budget);
  if ('failure' in outcome) return isLenient ? undefined : { message: outcome.failure, reason: undefined };
  if (outcome.value === true) return undefined;
  const said = validation.message && evaluate(validation.message, values, budget);
  const message = said && 'value' in said ? shortText(said.value) : undefined;
  return { message: message ?? fallback(validation.validation), reason: validation.validation.reason };
};

/** A text that can be a message: one line, not empty, not too long. */
const shortText = (value: Value): string | undefined => {
  const text = typeof value === 'string' ? value.trim() : '';
  return text === '' || text.length > LONGEST_MESSAGE || text.includes('\n') ? undefined : text;
};

const fallback = ({ message, expression }: Validation): string =>
  message?.trim() || `failed expression: ${expression.trim()}`;

const annotate = (
  policy: CompiledPolicy,
  inputs: Omit<Inputs, 'variables'>,
  isLenient: boolean,
): Pick<Verdict, 'annotations' | 'broken'> => {
  const budget = new Budget(POLICY_COST_BUDGET);
  const values = bind(policy, inputs, budget);
  const annotations: { readonly key: string; readonly value: string }[] = [];
  const broken: Denial[] = [];
  for (const [index, expression] of policy.annotations.entries()) {
    const { key } = expression.annotation;
    const outcome = annotationOutcome(expression, values, budget);
    if ('failure' in outcome) {
      if (!isLenient) broken.push({ index, message: outcome.failure, reason: undefined });
    } else if (outcome.value !== '') {
      annotations.push({ key, value: outcome.value });
    }
  }
  return { annotations, broken };
};

const annotationOutcome = (
  expression: CompiledPolicy['annotations'][number],
  values: object,
  budget: Budget,
): { readonly value: string } | { readonly failure: string } => {
  const outcome = evaluateWithin(expression, values, budget);
  if ('failure' in outcome || outcome.value === null) return 'failure' in outcome ? outcome : { value: '' };
  if (typeof outcome.value === 'string') return { value: outcome.value.trim().slice(0, LONGEST_ANNOTATION) };
  const type = typeNameOf(outcome.value);
  return {
    failure: `valueExpression '${expression.source}' resulted in unsupported return type: ${type}. Return type must be either string or null.`,
  };
};

const evaluateWithin = (expression: Expression, values: object, budget: Budget): Outcome => {
  try {
    return evaluate(expression, values, budget);
  } catch (error) {
    if (error instanceof OutOfBudget) return { failure: error.message };
    throw error;
  }
};
