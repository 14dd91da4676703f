// A cluster as its policies see it, and what is needed beside to find its pods by the words of a command line.
import type { ApiClient } from '../../client/client.ts';
import type { ClusterRecord } from '../../embedded/cluster-files.ts';
import { isNotFound } from '../../k8s/api-error.ts';
import { clusterNetworkPolicies } from '../../k8s/cluster-network-policy.ts';
import type { ClusterNetworkPolicy } from '../../k8s/cluster-network-policy.ts';
import type { EndpointSlice, Service } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { endpointSlices, namespaces, networkPolicies, nodes, pods, services } from '../../k8s/resources.ts';
import type { WorldObjects } from '../../policy/model/world-of.ts';

export type ClusterObjects = WorldObjects & {
  readonly services: readonly Stored<Service>[];
  readonly endpointSlices: readonly Stored<EndpointSlice>[];
  /** Where each node answers its own pods' questions for names. */
  readonly dnsServiceIps: readonly string[];
};

export const readCluster = async (
  client: ApiClient,
  { config }: Pick<ClusterRecord, 'config'>,
): Promise<ClusterObjects> => {
  const [namespaceList, podList, nodeList, serviceList, sliceList, policyList] = await Promise.all([
    client.list(namespaces),
    client.list(pods),
    client.list(nodes),
    client.list(services),
    client.list(endpointSlices),
    client.list(networkPolicies),
  ]);
  return {
    namespaces: namespaceList.items,
    pods: podList.items,
    nodes: nodeList.items,
    services: serviceList.items,
    endpointSlices: sliceList.items,
    networkPolicies: policyList.items,
    clusterNetworkPolicies: await listClusterPolicies(client),
    dnsServiceIps: config.dnsServiceIps,
  };
};

/** None where users have not brought their definition. */
const listClusterPolicies = async (client: ApiClient): Promise<readonly Stored<ClusterNetworkPolicy>[]> => {
  for (const resource of clusterNetworkPolicies) {
    try {
      return (await client.list(resource)).items;
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return [];
};
