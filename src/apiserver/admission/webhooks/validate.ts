// Validating webhooks: all that are about a request are asked at the same time
// (k8s.io/apiserver/pkg/admission/plugin/webhook/validating/dispatcher.go, 1.37).
import type { AdmissionRequest } from '../admission.ts';
import type { Lookup } from '../policies/lookup.ts';
import { callHook } from './call.ts';
import type { Caller } from './call.ts';
import type { Hook } from './hook.ts';
import { invocationOf } from './relevance.ts';
import type { Invocation } from './relevance.ts';

/** Undefined: none is about it. Rejects with the first refusal, in the order of the configurations. */
export const validateByWebhooks = (
  hooks: readonly Hook[],
  request: AdmissionRequest,
  lookup: Lookup,
  caller: Caller,
): Promise<void> | undefined => {
  const invocations = hooks.flatMap((hook) => invocationOf(hook, request, lookup) ?? []);
  return invocations.length === 0 ? undefined : askAll(invocations, caller);
};

const askAll = async (invocations: readonly Invocation[], caller: Caller): Promise<void> => {
  const answers = await Promise.allSettled(invocations.map((each) => callHook(caller, each, false)));
  const refused = answers.find(({ status }) => status === 'rejected');
  if (refused?.status === 'rejected') throw refused.reason;
};
