// ValidatingAdmissionPolicies at work: every policy with every binding of it, on every write
// (k8s.io/apiserver/pkg/admission/plugin/policy/validating/dispatcher.go, 1.37).
import { ApiError } from '../../../k8s/api-error.ts';
import type {
  ValidatingAdmissionPolicy as Policy,
  ValidatingAdmissionPolicyBinding as Binding,
} from '../../../k8s/generated/types.ts';
import { forbidden } from '../../status-errors.ts';
import type { AdmissionRequest, ValidatingStep } from '../admission.ts';
import { inVersion } from '../other-version.ts';
import { compilePolicy } from './compile-policy.ts';
import type { CompiledPolicy } from './compile-policy.ts';
import { evaluatePolicy } from './evaluate-policy.ts';
import type { Denial, Verdict } from './evaluate-policy.ts';
import type { Lookup } from './lookup.ts';
import { matchResources, namespaceOf } from './match-resources.ts';
import { collectParameters } from './parameters.ts';

/** A denial that ends the request. */
type Refusal = Pick<Denial, 'message' | 'reason'> & {
  readonly policy: string;
  readonly binding: string | undefined;
};

/** A step that asks all policies. Those about admission itself are asked by none: they could not be mended any more. */
export const enforcePolicies = (lookup: Lookup): ValidatingStep => {
  const compiled = new WeakMap<Policy, CompiledPolicy>();
  const compiledOf = (policy: Policy): CompiledPolicy => {
    const known = compiled.get(policy) ?? compilePolicy(policy.spec ?? {});
    compiled.set(policy, known);
    return known;
  };
  return (request) => {
    const policies = lookup.policies();
    if (policies.length === 0 || request.kind.resource.group === 'admissionregistration.k8s.io') return;
    const bindings = Map.groupBy(lookup.bindings(), ({ spec }) => spec?.policyName);
    const refusals = policies.flatMap((policy) =>
      askPolicy({ policy, bindings: bindings.get(policy.metadata.name) ?? [], request, lookup, compiledOf }),
    );
    if (refusals.length > 0) throw refused(request, refusals[0]!);
  };
};

type Question = {
  readonly policy: Policy;
  readonly bindings: readonly Binding[];
  readonly request: AdmissionRequest;
  readonly lookup: Lookup;
  readonly compiledOf: (policy: Policy) => CompiledPolicy;
};

const askPolicy = ({ policy, bindings, request, lookup, compiledOf }: Question): readonly Refusal[] => {
  const { matchConstraints, failurePolicy, paramKind } = policy.spec ?? {};
  const kind = bindings.length > 0 && matchConstraints && matchResources(matchConstraints, request, lookup);
  if (!kind) return [];
  const isLenient = failurePolicy === 'Ignore';
  const name = policy.metadata?.name ?? '';
  return bindings.flatMap((binding) => {
    const { matchResources: match, paramRef } = binding.spec ?? {};
    if (match && !matchResources(match, request, lookup)) return [];
    const of = { policy: name, binding: binding.metadata?.name };
    const params = collectParameters(paramKind, paramRef, request.namespace, lookup);
    if (typeof params === 'string') {
      return isLenient
        ? []
        : [{ ...of, message: `failed to configure binding: ${params}`, reason: undefined }];
    }
    const seen = inVersion(request, kind);
    return params.flatMap((each) => {
      const verdict = evaluatePolicy(
        compiledOf(policy),
        {
          request: seen,
          matched: { resource: kind.resource, kind: request.type },
          namespace: namespaceOf(request, lookup),
          params: each,
          authorize: lookup.authorizeFor(request.context.user),
        },
        isLenient,
      );
      return consequences(verdict, binding, of, request);
    });
  });
};

/** What a binding's actions make of a verdict. Warnings go to the client, what is audited to the audit log. */
const consequences = (
  { denials, annotations, broken }: Verdict,
  binding: Binding,
  of: Pick<Refusal, 'policy' | 'binding'>,
  { context }: AdmissionRequest,
): readonly Refusal[] => {
  const actions = binding.spec?.validationActions ?? [];
  for (const { message } of actions.includes('Warn') ? denials : []) {
    context.warn(
      `Validation failed for ValidatingAdmissionPolicy '${of.policy}' with binding '${of.binding}': ${message}`,
    );
  }
  if (actions.includes('Audit') && denials.length > 0) {
    const failures = denials.map(({ index, message }) => ({
      message,
      policy: of.policy,
      binding: of.binding,
      expressionIndex: index,
      validationActions: actions,
    }));
    context.annotate?.('validation.policy.admission.k8s.io/validation_failure', JSON.stringify(failures));
  }
  for (const { key, value } of annotations) context.annotate?.(`${of.policy}/${key}`, value);
  return [...(actions.includes('Deny') ? denials : []), ...broken].map((denial) => ({ ...of, ...denial }));
};

const CODES: Readonly<Record<string, number>> = {
  Unauthorized: 401,
  Forbidden: 403,
  RequestEntityTooLarge: 413,
  Invalid: 422,
};

const refused = (
  { kind, name, object }: AdmissionRequest,
  { policy, binding, message, reason = 'Invalid' }: Refusal,
): ApiError => {
  const by = binding === undefined ? '' : ` with binding '${binding}'`;
  const text = `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${message}`;
  const called = name || object?.metadata?.generateName || 'Unknown';
  const { status } = forbidden(kind.resource, called, text, [{ message: text }]);
  return new ApiError({ ...status, reason, code: CODES[reason] ?? 422 });
};
