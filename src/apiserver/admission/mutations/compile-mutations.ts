// A MutatingAdmissionPolicy's expressions, compiled (k8s.io/apiserver/pkg/admission/plugin/policy/mutating/compilation.go; 1.36).
import type { MutatingAdmissionPolicySpec, Mutation } from '../../../k8s/generated/types.ts';
import { compileComposed, compileExpression } from '../policies/compile-policy.ts';
import type { CompiledPolicy, Expression } from '../policies/compile-policy.ts';

export type CompiledMutation = Expression & { readonly patchType: string };

export type CompiledMutations = Pick<CompiledPolicy, 'conditions' | 'variables'> & {
  readonly mutations: readonly CompiledMutation[];
};

/** What an expression of the type must evaluate to, as messages print it. */
const RESULTS: Readonly<Record<string, string>> = {
  ApplyConfiguration: 'Object',
  JSONPatch: 'list(JSONPatch)',
};

/** Compiles all that a policy says. O(length of its expressions). */
export const compileMutations = (spec: MutatingAdmissionPolicySpec): CompiledMutations => {
  const { scope, ...composed } = compileComposed(spec);
  const compiled = ({ patchType, applyConfiguration, jsonPatch }: Mutation): CompiledMutation => {
    const { expression } = (patchType === 'JSONPatch' ? jsonPatch : applyConfiguration) ?? {};
    const type = RESULTS[patchType];
    return {
      patchType,
      ...compileExpression(expression?.trim(), type ? [type] : [], { ...scope, hasPatches: true }),
    };
  };
  return { ...composed, mutations: (spec.mutations ?? []).map(compiled) };
};
