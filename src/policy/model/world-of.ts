// The world of a cluster's objects, all at once.
import type { ClusterNetworkPolicy } from '../../k8s/cluster-network-policy.ts';
import type { Namespace, NetworkPolicy, Node, Pod } from '../../k8s/generated/types.ts';
import { keyOf } from '../../k8s/objects.ts';
import type { Stored } from '../../k8s/objects.ts';
import { clusterNetworkPolicyRules } from './cluster-network-policy.ts';
import { networkPolicyRules } from './network-policy.ts';
import { policyNodeOf, policyPodOf } from './world.ts';
import type { World } from './world.ts';

export type WorldObjects = {
  readonly namespaces: readonly Stored<Namespace>[];
  readonly pods: readonly Stored<Pod>[];
  readonly nodes: readonly Stored<Node>[];
  readonly networkPolicies: readonly Stored<NetworkPolicy>[];
  readonly clusterNetworkPolicies: readonly Stored<ClusterNetworkPolicy>[];
};

/** What addresses domain names have, no object says. */
export const worldOf = (objects: WorldObjects, domains: World['domains'] = new Map()): World => ({
  namespaces: new Map(objects.namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}])),
  pods: new Map(
    objects.pods.flatMap((pod) => {
      const policyPod = policyPodOf(pod);
      return policyPod ? [[keyOf(pod), policyPod] as const] : [];
    }),
  ),
  nodes: new Map(objects.nodes.map((node) => [node.metadata.name, policyNodeOf(node)])),
  domains,
  policies: [
    ...objects.networkPolicies.map(networkPolicyRules),
    ...objects.clusterNetworkPolicies.map(clusterNetworkPolicyRules),
  ],
});
