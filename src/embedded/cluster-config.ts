// What one embedded cluster is: its nodes and address ranges. Pure: made once by `podnet up`, then read by everyone.

export type NodeConfig = {
  readonly name: string;
  readonly zone: string | undefined;
  /** IPv4 first. */
  readonly addresses: readonly [string, string];
  readonly podCidrs: readonly [string, string];
};

/** How connections to Services are translated: see services/service-proxy.ts. */
export const PROXY_BACK_ENDS = ['nftables', 'ebpf', 'auto'] as const;
export type ProxyBackEnd = (typeof PROXY_BACK_ENDS)[number];

/** What becomes of connections that policies no longer allow: see docs/reference/network-policy.md. */
export const LIVE_CONNECTIONS = ['cut', 'keep'] as const;
export type LiveConnections = (typeof LIVE_CONNECTIONS)[number];

export type ClusterConfig = {
  readonly name: string;
  /** Clusters on one machine have distinct slots: all their address ranges follow from it. */
  readonly slot: number;
  readonly domain: string;
  readonly apiPort: number;
  readonly underlayCidrs: readonly [string, string];
  /** The host's own addresses on the underlay. */
  readonly hostAddresses: readonly [string, string];
  readonly podCidrs: readonly [string, string];
  readonly serviceCidrs: readonly [string, string];
  /** The `kubernetes` Service. */
  readonly apiServiceIps: readonly [string, string];
  readonly dnsServiceIps: readonly [string, string];
  /** Where Services of type LoadBalancer get their addresses. */
  readonly loadBalancerPools: readonly string[];
  readonly nodePortRange: { readonly first: number; readonly last: number };
  readonly nodes: readonly NodeConfig[];
  readonly proxy: ProxyBackEnd;
  /** Where node ports answer: see k8s/node-port-addresses.ts. */
  readonly nodePortAddresses: readonly string[];
  readonly policyLiveConnections: LiveConnections;
};

export const MAX_SLOTS = 11;
export const MAX_NODES = 200;

/**
 * Plans a cluster. Slot 0 has Kubernetes' customary ranges: pods 10.244.0.0/16, Services 10.96.0.0/16, the underlay
 * 172.30.0.0/24; slot n has the n-th ranges after them. IPv6 has unique local prefixes (RFC 4193) of the same digits.
 * Zones are dealt out to the nodes in turn.
 */
export const planCluster = (options: {
  readonly name: string;
  readonly slot: number;
  readonly nodes: number;
  readonly zones: readonly string[];
  readonly proxy: ProxyBackEnd;
  readonly nodePortAddresses?: readonly string[] | undefined;
  readonly policyLiveConnections?: LiveConnections | undefined;
  /** Instead of the default ones, which are a part of the underlay. */
  readonly loadBalancerPools?: readonly string[] | undefined;
}): ClusterConfig => {
  const { name, slot, zones, proxy, nodePortAddresses = ['primary'], loadBalancerPools = [] } = options;
  const { policyLiveConnections = 'cut' } = options;
  const [pods, services] = [244 + slot, 96 + slot];
  const underlay = slot === 0 ? '' : `:${slot}`;
  const zoneOfNodes = dealtZones(zones, options.nodes);
  return {
    name,
    slot,
    proxy,
    nodePortAddresses,
    policyLiveConnections,
    domain: 'cluster.local',
    apiPort: 6443 + slot,
    underlayCidrs: [`172.30.${slot}.0/24`, `fd00:172:30${underlay}::/64`],
    hostAddresses: [`172.30.${slot}.1`, `fd00:172:30${underlay}::1`],
    podCidrs: [`10.${pods}.0.0/16`, `fd00:10:${pods}::/48`],
    serviceCidrs: [`10.${services}.0.0/16`, `fd00:10:${services}::/112`],
    apiServiceIps: [`10.${services}.0.1`, `fd00:10:${services}::1`],
    dnsServiceIps: [`10.${services}.0.10`, `fd00:10:${services}::a`],
    loadBalancerPools:
      loadBalancerPools.length > 0
        ? loadBalancerPools
        : [`172.30.${slot}.224/27`, `fd00:172:30${underlay}::1:0/112`],
    nodePortRange: { first: 30000, last: 32767 },
    nodes: Array.from({ length: options.nodes }, (_, index) => ({
      name: `node-${index + 1}`,
      zone: zoneOfNodes[index],
      addresses: [`172.30.${slot}.${index + 11}`, `fd00:172:30${underlay}::${(index + 11).toString(16)}`],
      podCidrs: [`10.${pods}.${index}.0/24`, ipv6PodCidr(pods, index)],
    })),
  };
};

/** The zone of each node; undefined without zones. */
export const dealtZones = (zones: readonly string[], nodes: number): readonly (string | undefined)[] =>
  Array.from({ length: nodes }, (_, index) => zones[index % zones.length]);

/** In canonical form (RFC 5952): a group of zeros is left out. */
const ipv6PodCidr = (pods: number, index: number): string =>
  index === 0 ? `fd00:10:${pods}::/64` : `fd00:10:${pods}:${index.toString(16)}::/64`;

/** Why a cluster's name cannot be used, or undefined. Names become parts of namespaces, tables and file names. */
export const nameProblem = (name: string): string | undefined =>
  /^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/.test(name)
    ? undefined
    : `invalid cluster name ${JSON.stringify(name)}: at most 20 lower case letters, digits and '-', starting with a letter`;
