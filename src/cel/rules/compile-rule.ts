// One rule of x-kubernetes-validations, compiled (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go).
import { compile } from '../compile.ts';
import type { Program } from '../compile.ts';
import { environment } from '../environment.ts';
import type { Environment } from '../environment.ts';
import type { Declaration } from '../schema/declaration.ts';
import type { Schema, ValidationRule } from '../schema/schema.ts';
import { optionalOf } from '../types/type.ts';
import { normalizeFieldPath } from './field-path.ts';

export type CompiledRule = {
  readonly rule: ValidationRule;
  /** Or what is wrong with the rule, in kube-apiserver's words. */
  readonly program: Program | string;
  /** Undefined if there is no messageExpression. */
  readonly message: Program | string | undefined;
  readonly usesOldSelf: boolean;
  readonly fieldPath: string | undefined;
};

/** The environments of a schema's rules: `oldSelf` is as `self`, or an optional of it. */
export type RuleEnvironments = { readonly plain: Environment; readonly optional: Environment };

export const ruleEnvironments = (self: Declaration): RuleEnvironments => ({
  plain: environment({ self, oldSelf: self }),
  optional: environment({ self, oldSelf: optionalOf(self.type) }),
});

export const compileRule = (
  rule: ValidationRule,
  schema: Schema,
  environments: RuleEnvironments,
): CompiledRule => {
  const scope = rule.optionalOldSelf ? environments.optional : environments.plain;
  const program = compileTo(rule.rule, 'bool', scope, '');
  return {
    rule,
    program,
    message: rule.messageExpression
      ? compileTo(rule.messageExpression, 'string', scope, 'messageExpression ')
      : undefined,
    usesOldSelf: typeof program !== 'string' && program.uses('oldSelf'),
    fieldPath: rule.fieldPath ? normalizeFieldPath(rule.fieldPath, schema) : undefined,
  };
};

const compileTo = (
  source: string,
  type: 'bool' | 'string',
  scope: Environment,
  what: string,
): Program | string => {
  const compiled = compile(source, scope);
  if (!compiled.ok) return `${what}compilation failed: ${compiled.error}`;
  if (compiled.program.type.kind === type) return compiled.program;
  return `${what || 'cel expression '}must evaluate to a ${type}`;
};
