import type { NetworkPolicy } from '../../../k8s/generated/types.ts';
import { networkPolicies } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, nameCell, selectorCell, texts } from '../../columns/columns.ts';
import { networkPolicyWarnings } from '../../validation/networking/network-policy-warnings.ts';
import { validateNetworkPolicy } from '../../validation/networking/network-policy.ts';
import { defineKind } from '../define-kind.ts';

export const networkPolicyKind = defineKind<NetworkPolicy>({
  resource: networkPolicies,
  singular: 'networkpolicy',
  shortNames: ['netpol'],
  categories: [],
  definition: 'io.k8s.api.networking.v1.NetworkPolicy',
  nameRule: 'dns1123Subdomain',
  subresources: ['status'],
  columns: [NAME, ...texts('Pod-Selector'), AGE],
  row: (policy, nowMs) => [nameCell(policy), selectorCell(policy.spec?.podSelector), ageCell(policy, nowMs)],
  fields: {},
  applyDefaults: (policy) => {
    const spec = (policy.spec ??= {});
    spec.podSelector ??= {};
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])])
      for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
    if (!spec.policyTypes?.length) spec.policyTypes = ['Ingress', ...(spec.egress?.length ? ['Egress'] : [])];
  },
  prepareForCreate: (policy) => {
    delete policy.status;
  },
  validate: validateNetworkPolicy,
  warnings: networkPolicyWarnings,
});
