// MutatingAdmissionPolicies at work: every policy with every binding of it, one after the other; some a second time when the
// object has changed since (k8s.io/apiserver/pkg/admission/plugin/policy/mutating/dispatcher.go, reinvocationcontext.go; 1.36).
import { CelError } from '../../../cel/values/value.ts';
import { ApiError } from '../../../k8s/api-error.ts';
import type {
  MutatingAdmissionPolicy as Policy,
  MutatingAdmissionPolicyBinding as Binding,
} from '../../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../../k8s/objects.ts';
import { equalJson } from '../../../lang/json.ts';
import { DecodeError } from '../../schema/decode.ts';
import { forbidden } from '../../status-errors.ts';
import type { AdmissionRequest, Mutation } from '../admission.ts';
import { inVersion } from '../other-version.ts';
import { evaluateAlone, meetsConditions } from '../policies/evaluate-policy.ts';
import type { Lookup } from '../policies/lookup.ts';
import { matchResources, namespaceOf } from '../policies/match-resources.ts';
import { collectParameters } from '../policies/parameters.ts';
import { compileMutations } from './compile-mutations.ts';
import type { CompiledMutation, CompiledMutations } from './compile-mutations.ts';
import { applyConfiguration, applyOperations } from './patch.ts';
import type { Patched } from './patch.ts';

/** The policies' part in one request. */
export type PolicyRound = {
  /** The object as the policies want it. Throws Forbidden. */
  readonly mutate: (object: KubeObject) => KubeObject;
  /** The same for those that want to see what has changed since they were asked. */
  readonly mutateAgain: (object: KubeObject) => KubeObject;
};

/** Undefined: no policy is about the request. Policies are compiled once. */
export const createPolicyRounds = (lookup: Lookup): ((mutation: Mutation) => PolicyRound | undefined) => {
  const compiled = new WeakMap<Policy, CompiledMutations>();
  const compiledOf = (policy: Policy): CompiledMutations => {
    const known = compiled.get(policy) ?? compileMutations(policy.spec ?? {});
    compiled.set(policy, known);
    return known;
  };
  return (mutation) => {
    const { object } = mutation.request;
    const policies = lookup.mutatingPolicies();
    if (policies.length === 0 || !object) return undefined;
    const bindings = Map.groupBy(lookup.mutatingBindings(), ({ spec }) => spec?.policyName);
    const asked = policies.filter(
      (policy) => bindings.has(policy.metadata.name) && kindOf(policy, mutation.request, lookup),
    );
    if (asked.length === 0) return undefined;
    return new Round({ mutation, lookup, compiledOf, policies: asked, bindings });
  };
};

const kindOf = ({ spec }: Policy, request: AdmissionRequest, lookup: Lookup) =>
  spec?.matchConstraints && matchResources(spec.matchConstraints, request, lookup);

type RoundOptions = {
  readonly mutation: Mutation;
  readonly lookup: Lookup;
  readonly compiledOf: (policy: Policy) => CompiledMutations;
  readonly policies: readonly Stored<Policy>[];
  readonly bindings: ReadonlyMap<string | undefined, readonly Stored<Binding>[]>;
};

/** One policy with one binding and one parameter. */
type Invocation = {
  readonly policy: Stored<Policy>;
  readonly binding: Stored<Binding>;
  readonly params: KubeObject | undefined;
};

class Round implements PolicyRound {
  readonly #options: RoundOptions;
  /** Those that want to see later changes. */
  readonly #asked = new Set<string>();
  readonly #again = new Set<string>();
  #last: KubeObject | undefined;

  constructor(options: RoundOptions) {
    this.#options = options;
  }

  mutate(object: KubeObject): KubeObject {
    return this.#pass(object, () => true);
  }

  mutateAgain(object: KubeObject): KubeObject {
    if (!equalJson(object, this.#last)) this.#flag();
    const again = new Set(this.#again);
    return again.size === 0 ? object : this.#pass(object, (invocation) => again.has(keyOf(invocation)));
  }

  #pass(object: KubeObject, isMeant: (invocation: Invocation) => boolean): KubeObject {
    const { policies } = this.#options;
    const request = this.#requestWith(object);
    let now = object;
    for (const policy of policies)
      for (const binding of this.#options.bindings.get(policy.metadata.name) ?? [])
        for (const params of this.#parametersOf(policy, binding, request)) {
          const invocation = { policy, binding, params };
          if (isMeant(invocation)) now = this.#invoke(invocation, now);
        }
    this.#last = now;
    return now;
  }

  #requestWith(object: KubeObject): AdmissionRequest {
    return { ...this.#options.mutation.request, object };
  }

  /** Those that wanted to see later changes are asked again. */
  #flag(): void {
    for (const key of this.#asked) this.#again.add(key);
    this.#asked.clear();
  }

  #parametersOf(
    policy: Stored<Policy>,
    binding: Stored<Binding>,
    request: AdmissionRequest,
  ): readonly (KubeObject | undefined)[] {
    const { lookup } = this.#options;
    const { matchResources: match, paramRef } = binding.spec ?? {};
    if (match && !matchResources(match, request, lookup)) return [];
    const params = collectParameters(policy.spec?.paramKind, paramRef, request.namespace, lookup);
    if (typeof params !== 'string') return params;
    this.#fail({ policy, binding, params: undefined }, `failed to configure binding: ${params}`);
    return [];
  }

  #invoke(invocation: Invocation, object: KubeObject): KubeObject {
    const { policy } = invocation;
    const compiled = this.#options.compiledOf(policy);
    const inputs = this.#inputs(invocation, object);
    if (!inputs) return object;
    const met = meetsConditions(compiled, inputs);
    if (typeof met !== 'boolean') this.#fail(invocation, met.failure);
    if (met !== true) return object;
    let now = object;
    for (const mutation of compiled.mutations) now = this.#apply(invocation, compiled, mutation, now);
    if (!equalJson(now, object)) this.#flag();
    if (policy.spec?.reinvocationPolicy === 'IfNeeded') this.#asked.add(keyOf(invocation));
    return now;
  }

  /** Undefined: as the object is now the policy is not about it. */
  #inputs({ policy, params }: Invocation, object: KubeObject) {
    const { lookup } = this.#options;
    const request = this.#requestWith(object);
    const kind = kindOf(policy, request, lookup);
    return (
      kind && {
        kind,
        request: inVersion(request, kind),
        matched: { resource: kind.resource, kind: request.type },
        namespace: namespaceOf(request, lookup),
        params,
        authorize: lookup.authorizeFor(request.context.user),
      }
    );
  }

  #apply(
    invocation: Invocation,
    compiled: CompiledMutations,
    expression: CompiledMutation,
    object: KubeObject,
  ): KubeObject {
    const inputs = this.#inputs(invocation, object);
    const { mutation } = this.#options;
    const seen = inputs?.request.object;
    if (!inputs || !seen) return object;
    try {
      const outcome = evaluateAlone(compiled, inputs, expression);
      const patched: Patched =
        'failure' in outcome
          ? outcome
          : expression.patchType === 'JSONPatch'
            ? applyOperations(seen, outcome.value)
            : applyConfiguration(mutation.typeOf(inputs.kind), seen, outcome.value);
      if ('failure' in patched) this.#fail(invocation, patched.failure);
      else return unlessSame(object, mutation.read(patched.object, inputs.kind));
    } catch (error) {
      if (!(error instanceof CelError) && !(error instanceof DecodeError)) throw error;
      this.#fail(invocation, error.message);
    }
    return object;
  }

  /** Throws Forbidden, unless the policy lets pass what fails. */
  #fail({ policy, binding }: Invocation, why: string): void {
    if (policy.spec?.failurePolicy === 'Ignore') return;
    const { kind, name } = this.#options.mutation.request;
    const message = `policy '${policy.metadata.name}' with binding '${binding.metadata.name}' denied request: ${why}`;
    const { status } = forbidden(kind.resource, name, message, [{ message }]);
    throw new ApiError({ ...status, message, reason: 'Invalid' });
  }
}

const unlessSame = (before: KubeObject, after: KubeObject): KubeObject =>
  equalJson(before, after) ? before : after;

const keyOf = ({ policy, binding, params }: Invocation): string =>
  JSON.stringify([
    policy.metadata.name,
    binding.metadata.name,
    params?.metadata?.namespace ?? '',
    params?.metadata?.name ?? '',
  ]);
