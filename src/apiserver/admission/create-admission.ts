// Who is asked about writes in this server, and in which order: kube-apiserver's order of plugins
// (kubernetes pkg/kubeapiserver/options/plugins.go). ResourceQuotas come last, with the write itself: verbs/save.ts.
import type { Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { pods } from '../../k8s/resources.ts';
import type { Log } from '../../lang/log.ts';
import type { Access } from '../auth/access.ts';
import type { ServedKinds } from '../registry.ts';
import type { Store } from '../store/store.ts';
import type { WebhookClient } from '../webhooks/webhook-client.ts';
import type { Admission, Webhooks } from './admission.ts';
import { authorizeSigners } from './certificates.ts';
import { enforceLimits } from './limits/enforce-limits.ts';
import { createPolicyRounds } from './mutations/mutate.ts';
import { enforcePodSecurity } from './pod-security/enforce.ts';
import type { PodSecurityLookup } from './pod-security/enforce.ts';
import { enforcePolicies } from './policies/enforce.ts';
import { createLookup } from './policies/lookup.ts';
import type { Lookup } from './policies/lookup.ts';
import type { Caller } from './webhooks/call.ts';
import { createHooks } from './webhooks/hook.ts';
import { mutate } from './webhooks/mutate.ts';
import { isExempt } from './webhooks/relevance.ts';
import { validateByWebhooks } from './webhooks/validate.ts';

export type AdmissionOptions = {
  readonly store: Store;
  readonly table: ServedKinds;
  readonly access: Access;
  readonly webhooks: WebhookClient;
  readonly log: Log;
};

export const NO_ADMISSION: Admission = {
  validating: [],
  webhooks: { mutate: () => undefined, validate: () => undefined },
};

export const createAdmission = ({ store, table, access, webhooks, log }: AdmissionOptions): Admission => {
  const lookup = createLookup(store, table, access);
  return {
    validating: [
      enforceLimits(store),
      enforcePodSecurity(podsOf(lookup)),
      authorizeSigners(access),
      enforcePolicies(lookup),
    ],
    webhooks: askWebhooks(lookup, { client: webhooks, log }),
  };
};

const podsOf = ({ namespace, list }: Lookup): PodSecurityLookup => ({
  namespace,
  podsIn: (name) => list(pods, name) as readonly Stored<Pod>[],
});

const askWebhooks = (lookup: Lookup, caller: Caller): Webhooks => {
  const hooksOf = createHooks();
  const policiesOf = createPolicyRounds(lookup);
  return {
    mutate: (mutation) => {
      if (isExempt(mutation.request)) return undefined;
      const by = { hooks: hooksOf(lookup.mutatingWebhooks()), policies: policiesOf(mutation) };
      return mutate(by, mutation, lookup, caller);
    },
    validate: (request) =>
      isExempt(request)
        ? undefined
        : validateByWebhooks(hooksOf(lookup.validatingWebhooks()), request, lookup, caller),
  };
};
