// What policies match where they say nothing: all versions of the resource, all namespaces, all objects
// (kubernetes pkg/apis/admissionregistration/v1/defaults.go).
import type { MatchResources } from '../../k8s/generated/types.ts';
import type { Mutable } from './mutable.ts';

export const defaultMatchResources = (match: Mutable<MatchResources>): void => {
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])])
    rule.scope ??= '*';
};
