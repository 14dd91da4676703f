// What webhooks mean where they say nothing (kubernetes pkg/apis/admissionregistration/v1/defaults.go).
import type { MutatingWebhook, ValidatingWebhook } from '../../k8s/generated/types.ts';
import type { Mutable } from './mutable.ts';

export const defaultWebhook = (hook: Mutable<ValidatingWebhook>): void => {
  hook.failurePolicy ??= 'Fail';
  hook.matchPolicy ??= 'Equivalent';
  hook.namespaceSelector ??= {};
  hook.objectSelector ??= {};
  hook.timeoutSeconds ??= 10;
  for (const rule of hook.rules ?? []) rule.scope ??= '*';
  // Objects get their defaults before they are validated: what is required may be missing.
  const service = (hook as Partial<typeof hook>).clientConfig?.service;
  if (service) service.port ??= 443;
};

export const defaultMutatingWebhook = (hook: Mutable<MutatingWebhook>): void => {
  defaultWebhook(hook);
  hook.reinvocationPolicy ??= 'Never';
};
