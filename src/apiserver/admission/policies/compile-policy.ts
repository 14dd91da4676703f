// A ValidatingAdmissionPolicy's expressions, compiled (k8s.io/apiserver/pkg/admission/plugin/policy/validating/plugin.go,
// plugin/cel/composition.go; 1.37). What does not compile is kept as kube-apiserver's text: it fails when it is evaluated.
import { compile } from '../../../cel/compile.ts';
import type { Program } from '../../../cel/compile.ts';
import { DYN, typeText } from '../../../cel/types/type.ts';
import type { CelType } from '../../../cel/types/type.ts';
import type {
  AuditAnnotation,
  MatchCondition,
  ValidatingAdmissionPolicySpec,
  Validation,
} from '../../../k8s/generated/types.ts';
import { admissionEnvironment } from './variables.ts';
import type { Scope } from './variables.ts';

/** A program, or why there is none. */
export type Expression = { readonly source: string; readonly program: Program | string };

export type CompiledPolicy = {
  readonly conditions: readonly (Expression & { readonly name: string })[];
  readonly variables: ReadonlyMap<string, Expression>;
  readonly validations: readonly (Expression & {
    readonly validation: Validation;
    readonly message: Expression | undefined;
  })[];
  readonly annotations: readonly (Expression & { readonly annotation: AuditAnnotation })[];
};

type Composed = Pick<ValidatingAdmissionPolicySpec, 'matchConditions' | 'paramKind' | 'variables'>;

/** What all policies have, and where their other expressions stand: variables see those before them, the others all. */
export const compileComposed = (
  spec: Composed,
  object?: CelType,
): Pick<CompiledPolicy, 'conditions' | 'variables'> & { readonly scope: Scope } => {
  const composed = new Map<string, CelType>();
  const scope = { hasParams: spec.paramKind !== undefined, hasAuthorizer: true, composed, object };
  const variables = new Map<string, Expression>();
  for (const { name, expression } of spec.variables ?? []) {
    const variable = compileExpression(expression, [], scope);
    variables.set(name, variable);
    composed.set(name, typeof variable.program === 'string' ? DYN : variable.program.type);
  }
  const conditions = (spec.matchConditions ?? []).map(({ name, expression }) => ({
    name,
    ...compileExpression(expression, ['bool'], scope),
  }));
  return { variables, conditions, scope };
};

/** Compiles all that a policy says. O(length of its expressions). `object`: its type, where one is assumed. */
export const compilePolicy = (spec: ValidatingAdmissionPolicySpec, object?: CelType): CompiledPolicy => {
  const { scope, ...composed } = compileComposed(spec, object);
  const within = (source: string, types: readonly string[]): Expression =>
    compileExpression(source, types, scope);
  return {
    ...composed,
    validations: (spec.validations ?? []).map((validation) => ({
      validation,
      ...within(validation.expression, ['bool']),
      message: validation.messageExpression
        ? compileExpression(validation.messageExpression, ['string'], { ...scope, hasAuthorizer: false })
        : undefined,
    })),
    annotations: (spec.auditAnnotations ?? []).map((annotation) => ({
      annotation,
      ...within(annotation.valueExpression, ['string', 'null']),
    })),
  };
};

/** The match conditions of a webhook. */
export const compileConditions = (
  conditions: readonly MatchCondition[],
): Pick<CompiledPolicy, 'conditions' | 'variables'> => {
  const scope = { hasParams: false, hasAuthorizer: true, composed: undefined };
  return {
    variables: new Map(),
    conditions: conditions.map(({ name, expression }) => ({
      name,
      ...compileExpression(expression, ['bool'], scope),
    })),
  };
};

/** `types`: what it may evaluate to, anything if empty. */
export const compileExpression = (
  text: string | undefined,
  types: readonly string[],
  scope: Scope,
): Expression => {
  // Objects are compiled before they are validated: what is required may be missing.
  const source = text ?? '';
  const compiled = compile(source, admissionEnvironment(scope));
  if (!compiled.ok) return { source, program: `compilation failed: ${compiled.error}` };
  const { program } = compiled;
  const isAny = types.length === 0 || types.includes(program.type.kind);
  if (isAny || types.includes(typeText(program.type))) return { source, program };
  return { source, program: `must evaluate to ${expected(types)} but got ${typeText(program.type)}` };
};

const expected = (types: readonly string[]): string =>
  types.length === 1
    ? types[0]!
    : `one of [${types.map((type) => (type === 'null' ? 'null_type' : type)).join(' ')}]`;
