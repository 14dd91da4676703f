// What changes an object: policies, then mutating webhooks, one after the other, each on what those before it made of the object; some a second time
// (k8s.io/apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go and reinvocationcontext.go, 1.37).
import { ApiError } from '../../../k8s/api-error.ts';
import type { KubeObject } from '../../../k8s/objects.ts';
import { cloneJson, equalJson } from '../../../lang/json.ts';
import { applyJsonPatch } from '../../patch/json-patch.ts';
import { internal } from '../../status-errors.ts';
import { NotConverted } from '../../custom/conversion.ts';
import type { Mutation } from '../admission.ts';
import type { PolicyRound } from '../mutations/mutate.ts';
import type { Lookup } from '../policies/lookup.ts';
import { callHook } from './call.ts';
import type { Caller } from './call.ts';
import type { Hook } from './hook.ts';
import { modifiedNothing } from './refusals.ts';
import { invocationOf } from './relevance.ts';
import type { Invocation } from './relevance.ts';

/**
 * Policies change the object first, then webhooks. Undefined: none is about it. Else the changed object, or undefined if nobody
 * changed it.
 */
export const mutate = (
  { hooks, policies }: { readonly hooks: readonly Hook[]; readonly policies: PolicyRound | undefined },
  mutation: Mutation,
  lookup: Lookup,
  caller: Caller,
): Promise<KubeObject | undefined> | undefined => {
  const isAbout = policies || hooks.some((hook) => invocationOf(hook, mutation.request, lookup));
  return isAbout ? new Round(mutation, lookup, caller).all(hooks, policies) : undefined;
};

/** The object on its way from webhook to webhook. */
class Round {
  readonly #mutation: Mutation;
  readonly #lookup: Lookup;
  readonly #caller: Caller;
  #object: KubeObject | undefined;
  /** Those that want to see later changes. */
  #asked = new Set<Hook>();
  #again = new Set<Hook>();

  constructor(mutation: Mutation, lookup: Lookup, caller: Caller) {
    this.#mutation = mutation;
    this.#lookup = lookup;
    this.#caller = caller;
    this.#object = mutation.request.object;
  }

  async all(hooks: readonly Hook[], policies: PolicyRound | undefined): Promise<KubeObject | undefined> {
    if (this.#object && policies) this.#object = policies.mutate(this.#object);
    for (const hook of hooks) await this.#ask(hook);
    if (this.#isUntouched()) return undefined;
    if (this.#changesAgain(policies)) for (const hook of this.#asked) this.#again.add(hook);
    const again = hooks.filter((hook) => this.#again.has(hook));
    for (const hook of again) await this.#ask(hook);
    return this.#object;
  }

  #isUntouched(): boolean {
    return this.#object === this.#mutation.request.object;
  }

  // The server's own steps follow changes, and webhooks theirs.
  #changesAgain(policies: PolicyRound | undefined): boolean {
    if (!this.#object) return false;
    const admitted = cloneJson(this.#object);
    this.#mutation.admitAgain(admitted);
    const object = policies?.mutateAgain(admitted) ?? admitted;
    if (equalJson(object, this.#object)) return false;
    this.#object = object;
    return true;
  }

  async #ask(hook: Hook): Promise<void> {
    const request = { ...this.#mutation.request, object: this.#object };
    const invocation = invocationOf(hook, request, this.#lookup);
    if (!invocation) return;
    const verdict = await callHook(this.#caller, invocation, true);
    const changed = verdict?.patch === undefined ? undefined : this.#patched(invocation, verdict.patch);
    if (changed && !equalJson(changed, this.#object)) {
      this.#object = changed;
      for (const each of this.#asked) this.#again.add(each);
      this.#asked.clear();
    }
    if (hook.webhook.reinvocationPolicy === 'IfNeeded') this.#asked.add(hook);
  }

  #patched({ hook, request, kind }: Invocation, patch: unknown): KubeObject | undefined {
    if (Array.isArray(patch) && patch.length === 0) return undefined;
    if (!request.object) throw modifiedNothing(hook.webhook.name);
    const { apiVersion } = request.object;
    try {
      const result = applyJsonPatch(request.object, patch) as KubeObject;
      return this.#mutation.read({ ...result, ...(apiVersion && { apiVersion }) }, kind);
    } catch (error) {
      if (error instanceof NotConverted) throw error;
      throw internal(
        `admission webhook ${JSON.stringify(hook.webhook.name)} returned a patch that cannot be applied: ${reasonOf(error)}`,
      );
    }
  }
}

// Patches of clients are refused with little more than their causes.
const reasonOf = (error: unknown): string => {
  const causes = error instanceof ApiError ? (error.status.details?.causes ?? []) : [];
  return causes.map(({ message }) => message).join('; ') || (error as Error).message;
};
