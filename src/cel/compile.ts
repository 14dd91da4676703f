// The engine's face: an expression and an environment in, a program out, or what kube-apiserver would say about it.
import { check } from './check/check.ts';
import type { Checked } from './check/check.ts';
import { literalIssues } from './check/literals.ts';
import { estimateCost } from './cost/estimate.ts';
import type { Environment } from './environment.ts';
import { Frame } from './evaluate/frame.ts';
import type { Bound } from './evaluate/frame.ts';
import { plan } from './evaluate/plan.ts';
import { parse } from './syntax/parse.ts';
import { issuesText } from './syntax/issue.ts';
import type { Issue } from './syntax/issue.ts';
import type { CelType } from './types/type.ts';
import { CelError } from './values/value.ts';
import type { Value } from './values/value.ts';
import { CostExceeded, beginWork } from './values/work.ts';

export type Program = {
  readonly source: string;
  readonly type: CelType;
  /** The most that an evaluation can cost, from the sizes that the schema allows. */
  readonly worstCost: number;
  /** Whether the expression reads the variable. */
  readonly uses: (variable: string) => boolean;
  /** Evaluates with the values of the variables; beyond the limit it ends with an error. Never throws. */
  readonly evaluate: (bound: Bound, costLimit?: number) => Evaluation;
};

export type Evaluation =
  | { readonly ok: true; readonly value: Value; readonly cost: number }
  | {
      readonly ok: false;
      /** In cel-go's words: `no such key: x`, `operation cancelled: actual cost limit exceeded`. */
      readonly error: string;
      readonly reason: 'failed' | 'cost-exceeded';
      readonly cost: number;
    };

export type Compilation =
  | { readonly ok: true; readonly program: Program }
  /** cel-go's list of issues: `ERROR: <input>:1:5: undefined field 'foo'` and the place below it. */
  | { readonly ok: false; readonly error: string };

/** What one evaluation may cost, some tenth of a second (k8s.io/apiserver/pkg/apis/cel, PerCallLimit). */
export const CALL_COST_LIMIT = 1_000_000;

/** Parses, checks and plans an expression. */
export const compile = (source: string, environment: Environment): Compilation => {
  const failed = (issues: readonly Issue[]): Compilation => ({
    ok: false,
    error: issuesText(source, issues),
  });
  const parsed = parse(source);
  if (!parsed.ok) return failed(parsed.issues);
  const checked = check(parsed.expression, environment);
  if (checked.issues.length > 0) return failed(checked.issues);
  const issues = literalIssues(parsed.expression, checked);
  if (issues.length > 0) return failed(issues);
  const step = plan(parsed.expression, {
    checked,
    constants: environment.constants,
    slots: new Map(),
    free: 0,
  });
  const program: Program = {
    source,
    type: checked.types.get(parsed.expression)!,
    worstCost: estimateCost(parsed.expression, checked, environment.declarations).max,
    uses: (variable) => usesVariable(checked, variable),
    evaluate: (bound, costLimit = CALL_COST_LIMIT) => run(step, new Frame(bound, costLimit)),
  };
  return { ok: true, program };
};

const usesVariable = ({ names }: Checked, variable: string): boolean =>
  names.values().some((name) => name === variable);

const run = (step: (frame: Frame) => Value, frame: Frame): Evaluation => {
  beginWork();
  try {
    return { ok: true, value: step(frame), cost: frame.cost };
  } catch (error) {
    const isExceeded = error instanceof CostExceeded;
    // The stack is JavaScript's: an expression that is too deep for it is an error like any other.
    if (!isExceeded && !(error instanceof CelError) && !(error instanceof RangeError)) throw error;
    const reason = isExceeded ? 'cost-exceeded' : 'failed';
    return { ok: false, error: error.message, reason, cost: frame.cost };
  }
};
