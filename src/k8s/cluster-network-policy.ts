// policy.networking.k8s.io ClusterNetworkPolicy: users bring its definition, with the network policy API's release. Of a
// field that a newer definition has there is no type here: what reads these objects must expect some.
// https://github.com/kubernetes-sigs/network-policy-api, apis/v1beta1; v1alpha2 is the same.
import type { Condition, LabelSelector } from './generated/types.ts';
import type { KubeObject } from './objects.ts';
import type { Resource } from './resources.ts';

export type NamespacedPod = {
  /** Left out: all namespaces. */
  readonly namespaceSelector?: LabelSelector;
  readonly podSelector: LabelSelector;
};

/** One of the two is set. */
export type ClusterNetworkPolicySubject = {
  readonly namespaces?: LabelSelector;
  readonly pods?: NamespacedPod;
};

/** One field is set. Those that come in have no more than namespaces and pods. */
export type ClusterNetworkPolicyPeer = {
  readonly namespaces?: LabelSelector;
  readonly pods?: NamespacedPod;
  /** CIDRs. */
  readonly networks?: readonly string[];
  /** Experimental channel. */
  readonly nodes?: LabelSelector;
  /** Experimental channel. `*.example.com` is any name below. */
  readonly domainNames?: readonly string[];
};

/** One of the two is set. */
export type ClusterNetworkPolicyPort = {
  readonly number?: number;
  readonly range?: { readonly start: number; readonly end: number };
};

type WithDestinationPort = { readonly destinationPort?: ClusterNetworkPolicyPort };

/** One field is set. */
export type ClusterNetworkPolicyProtocol = {
  readonly tcp?: WithDestinationPort;
  readonly udp?: WithDestinationPort;
  readonly sctp?: WithDestinationPort;
  /** Experimental channel. */
  readonly destinationNamedPort?: string;
};

type ClusterNetworkPolicyRule = {
  readonly name?: string;
  /** Accept, Deny, Pass. */
  readonly action: string;
  readonly protocols?: readonly ClusterNetworkPolicyProtocol[];
};

export type ClusterNetworkPolicyIngressRule = ClusterNetworkPolicyRule & {
  readonly from: readonly ClusterNetworkPolicyPeer[];
};

export type ClusterNetworkPolicyEgressRule = ClusterNetworkPolicyRule & {
  readonly to: readonly ClusterNetworkPolicyPeer[];
};

export type ClusterNetworkPolicySpec = {
  /** Admin, Baseline. */
  readonly tier: string;
  /** 0 to 1000, the lower one first. */
  readonly priority: number;
  readonly subject: ClusterNetworkPolicySubject;
  readonly ingress?: readonly ClusterNetworkPolicyIngressRule[];
  readonly egress?: readonly ClusterNetworkPolicyEgressRule[];
};

export type ClusterNetworkPolicy = KubeObject & {
  readonly spec?: ClusterNetworkPolicySpec;
  readonly status?: { readonly conditions?: readonly Condition[] };
};

const inVersion = (version: string): Resource<ClusterNetworkPolicy> => ({
  group: 'policy.networking.k8s.io',
  version,
  resource: 'clusternetworkpolicies',
  kind: 'ClusterNetworkPolicy',
  namespaced: false,
});

/** The newest first: which of them is served is for the definition to say. */
export const clusterNetworkPolicies = [inVersion('v1beta1'), inVersion('v1alpha2')] as const;
