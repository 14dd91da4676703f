// A cluster as its policies see it, and what is needed beside to find its pods by the words of a command line.
import type { ApiClient } from '../../client/client.ts';
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
};

export const readCluster = async (client: ApiClient): Promise<ClusterObjects> => {
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
  };
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
  policies: objects.networkPolicies.map(networkPolicyRules),
});
