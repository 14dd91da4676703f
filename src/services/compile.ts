// From a Service's facts to entries of the shared maps. Memoryless: the same facts give the same entries.
import type { Family } from '../ip/address.ts';
import type { Candidate, SelectedPort, ServiceSnapshot, TrafficPolicy } from './select.ts';
import type { Action, Entry, EntryMap, Masquerade, ServiceTable, Target } from './state.ts';
import { ENDPOINTS_MAX } from './shape.ts';
import { clusterEndpoints, localEndpoints } from './topology.ts';
import type { Site } from './topology.ts';
import type { VirtualIp } from './virtual-ip.ts';

/** This node, as far as the entries depend on it. */
export type ProxySite = Site & {
  /** Where node ports answer. */
  readonly nodeAddresses: readonly VirtualIp[];
};

export const compileService = (service: ServiceSnapshot, site: ProxySite): ServiceTable => [
  ...service.clusterIps.map((ip) => clusterIpEntry(service, ip)),
  ...service.ports.flatMap((port) => [
    ...service.clusterIps.map((ip) => clusterIpPortEntry(service, port, ip, site)),
    ...service.externalIps.flatMap((ip) => externalEntries(service, port, { ...ip, port: port.port }, site)),
    ...nodePortEntries(service, port, site),
  ]),
];

/** Ports that the Service does not have are refused; what another proxy looks after is not touched. */
const clusterIpEntry = ({ isForeign }: ServiceSnapshot, { family, address }: VirtualIp): Entry => ({
  map: 'cluster-ips',
  family,
  match: address,
  action: { kind: isForeign ? 'leave-alone' : 'reject' },
});

const clusterIpPortEntry = (
  service: ServiceSnapshot,
  port: SelectedPort,
  ip: VirtualIp,
  site: ProxySite,
): Entry =>
  entryOf(
    'services',
    port,
    { ...ip, port: port.port },
    actionOf(service, port, {
      site,
      family: ip.family,
      policy: service.internalPolicy,
      masquerade: 'outsiders',
    }),
  );

const nodePortEntries = (service: ServiceSnapshot, port: SelectedPort, site: ProxySite): Entry[] => {
  const { nodePort } = port;
  if (nodePort === undefined) return [];
  const families = new Set(service.clusterIps.map(({ family }) => family));
  return site.nodeAddresses
    .filter(({ family }) => families.has(family))
    .flatMap((address) => externalEntries(service, port, { ...address, port: nodePort }, site));
};

type Front = VirtualIp & { readonly port: number; readonly allowed?: readonly string[] | undefined };

/**
 * With externalTrafficPolicy Local only clients from outside are bound to this node's endpoints, and they are seen as
 * they are. The cluster's own clients may reach any (as in kube-proxy, where they short-circuit the policy).
 */
const externalEntries = (
  service: ServiceSnapshot,
  port: SelectedPort,
  front: Front,
  site: ProxySite,
): Entry[] => {
  const { family, allowed } = front;
  const entry = (map: EntryMap, policy: TrafficPolicy, masquerade: Masquerade): Entry =>
    entryOf(map, port, front, actionOf(service, port, { site, family, policy, masquerade }));
  const limit = allowed ? { allowed } : {};
  if (service.externalPolicy === 'Cluster') return [{ ...entry('services', 'Cluster', 'all'), ...limit }];
  return [
    { ...entry('services', 'Cluster', 'outsiders'), ...limit },
    entry('outside-services', 'Local', 'none'),
  ];
};

const entryOf = (map: EntryMap, { protocol }: SelectedPort, front: Front, action: Action): Entry => ({
  map,
  family: front.family,
  match: `${protocol} . ${front.address} . ${front.port}`,
  action,
});

type Choice = {
  readonly site: ProxySite;
  readonly family: Family;
  readonly policy: TrafficPolicy;
  readonly masquerade: Masquerade;
};

/** Without any endpoint in the cluster: reject. With some, but none that the policy allows: drop, never fall back. */
export const actionOf = (
  { stickySeconds }: ServiceSnapshot,
  port: SelectedPort,
  { site, family, policy, masquerade }: Choice,
): Action => {
  const candidates = port.candidates.filter((candidate) => candidate.family === family);
  const chosen = (policy === 'Local' ? localEndpoints : clusterEndpoints)(candidates, site);
  if (chosen.length > 0)
    return { kind: 'balance', targets: targetsOf(chosen, site), masquerade, stickySeconds };
  const isLocalOnly = policy === 'Local' && clusterEndpoints(candidates, site).length > 0;
  return { kind: isLocalOnly ? 'drop' : 'reject' };
};

/** The same endpoint may be in two slices for a while: it counts once. An endpoint without a node may be on this one. */
const targetsOf = (chosen: readonly Candidate[], site: ProxySite): readonly Target[] => {
  const byText = new Map(
    chosen.map(({ address, port, nodeName }) => {
      const at = `${address} . ${port}`;
      return [at, { at, isLocal: nodeName === undefined || nodeName === site.nodeName }];
    }),
  );
  return [...byText.values()].sort((a, b) => (a.at < b.at ? -1 : 1)).slice(0, ENDPOINTS_MAX);
};
