// A cluster as its policies see it, and what is needed beside to find its pods by the words of a command line.
import type { ApiClient } from '../../client/client.ts';
import type { ClusterRecord } from '../../embedded/cluster-files.ts';
import { isNotFound } from '../../k8s/api-error.ts';
import { clusterNetworkPolicies } from '../../k8s/cluster-network-policy.ts';
import type { ClusterNetworkPolicy } from '../../k8s/cluster-network-policy.ts';
import type {
  EndpointSlice,
  Namespace,
  NetworkPolicy,
  Node,
  Pod,
  Service,
} from '../../k8s/generated/types.ts';
import { keyOf } from '../../k8s/objects.ts';
import type { Stored } from '../../k8s/objects.ts';
import { endpointSlices, namespaces, networkPolicies, nodes, pods, services } from '../../k8s/resources.ts';
import { clusterNetworkPolicyRules } from '../../policy/model/cluster-network-policy.ts';
import { networkPolicyRules } from '../../policy/model/network-policy.ts';
import { policyNodeOf, policyPodOf } from '../../policy/model/world.ts';
import type { World } from '../../policy/model/world.ts';

export type ClusterObjects = {
  readonly namespaces: readonly Stored<Namespace>[];
  readonly pods: readonly Stored<Pod>[];
  readonly nodes: readonly Stored<Node>[];
  readonly services: readonly Stored<Service>[];
  readonly endpointSlices: readonly Stored<EndpointSlice>[];
  readonly networkPolicies: readonly Stored<NetworkPolicy>[];
  readonly clusterNetworkPolicies: readonly Stored<ClusterNetworkPolicy>[];
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

export const worldOfCluster = (objects: ClusterObjects): World => ({
  namespaces: new Map(objects.namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}])),
  pods: new Map(
    objects.pods.flatMap((pod) => {
      const policyPod = policyPodOf(pod);
      return policyPod ? [[keyOf(pod), policyPod] as const] : [];
    }),
  ),
  nodes: new Map(objects.nodes.map((node) => [node.metadata.name, policyNodeOf(node)])),
  domains: new Map(),
  policies: [
    ...objects.networkPolicies.map(networkPolicyRules),
    ...objects.clusterNetworkPolicies.map(clusterNetworkPolicyRules),
  ],
});
