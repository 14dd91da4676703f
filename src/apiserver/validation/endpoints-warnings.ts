// What kube-apiserver says about Endpoints that it takes (kubernetes pkg/registry/core/endpoint/strategy.go).
import type { EndpointAddress, Endpoints } from '../../k8s/generated/types.ts';
import { addressWarnings } from './address-warnings.ts';

/** Nothing about those of the controller: they are canonical. */
export const endpointsWarnings = ({ metadata, subsets }: Endpoints): readonly string[] => {
  if (metadata?.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller') return [];
  return (subsets ?? []).flatMap(({ addresses, notReadyAddresses }, index) => [
    ...warningsOf(addresses, `subsets[${index}].addresses`),
    ...warningsOf(notReadyAddresses, `subsets[${index}].notReadyAddresses`),
  ]);
};

const warningsOf = (addresses: readonly EndpointAddress[] | undefined, path: string): readonly string[] =>
  (addresses ?? []).flatMap(({ ip }, index) => addressWarnings(`${path}[${index}].ip`, ip));
