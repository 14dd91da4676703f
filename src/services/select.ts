// From API objects to the facts that the proxy needs. Everything that could not be a packet's (a malformed address,
// a port out of range, an unknown protocol) ends here: what follows is trusted.
import { formatAddress } from '../ip/address.ts';
import type { Family } from '../ip/address.ts';
import { isReachable } from '../ip/reachable.ts';
import { parseSloppyAddress } from '../ip/sloppy.ts';
import type { Endpoint, EndpointSlice, Service, ServicePort, ServiceSpec } from '../k8s/generated/types.ts';
import { keyOf } from '../k8s/objects.ts';
import type { Stored } from '../k8s/objects.ts';
import { externalIpsOf } from './external-ips.ts';
import type { ExternalIp } from './external-ips.ts';
import { virtualIpsOf } from './virtual-ip.ts';
import type { VirtualIp } from './virtual-ip.ts';

type Protocol = 'tcp' | 'udp' | 'sctp';
export type TrafficPolicy = 'Cluster' | 'Local';

/** An endpoint as its slice describes it, for one port of the Service. */
export type Candidate = {
  readonly family: Family;
  readonly address: string;
  readonly port: number;
  readonly isReady: boolean;
  readonly isServing: boolean;
  readonly isTerminating: boolean;
  readonly nodeName: string | undefined;
  /** Undefined without a hint. */
  readonly forNodes: readonly string[] | undefined;
  readonly forZones: readonly string[] | undefined;
};

export type SelectedPort = {
  readonly protocol: Protocol;
  readonly port: number;
  readonly nodePort: number | undefined;
  readonly candidates: readonly Candidate[];
};

export type ServiceSnapshot = {
  readonly key: string;
  /** Orders Services by age: of two that claim the same address and port, the elder has it. */
  readonly seniority: string;
  readonly clusterIps: readonly VirtualIp[];
  /** Of load balancers and `externalIPs`, of the families of the cluster IPs, each once. */
  readonly externalIps: readonly ExternalIp[];
  /** Where load balancers ask whether this node has endpoints; undefined if none is to ask. */
  readonly healthCheckPort: number | undefined;
  readonly ports: readonly SelectedPort[];
  readonly internalPolicy: TrafficPolicy;
  readonly externalPolicy: TrafficPolicy;
  readonly stickySeconds: number | undefined;
  /** Another proxy looks after this Service. */
  readonly isForeign: boolean;
};

const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
const PROXY_NAME_LABEL = 'service.kubernetes.io/service-proxy-name';
const HEADLESS_LABEL = 'service.kubernetes.io/headless';
/** API default of sessionAffinityConfig.clientIP.timeoutSeconds. */
const STICKY_SECONDS = 10_800;

/** The key of the Service that a slice belongs to; undefined for a slice that names none. */
export const serviceOfSlice = ({ metadata }: Stored<EndpointSlice>): string | undefined => {
  const service = metadata.labels?.[SERVICE_NAME_LABEL];
  return service && `${metadata.namespace}/${service}`;
};

/** The facts of a Service, undefined if nothing of it is for a proxy: headless, ExternalName. */
export const selectService = (
  service: Stored<Service>,
  slices: readonly Stored<EndpointSlice>[],
): ServiceSnapshot | undefined => {
  const { spec = {}, metadata } = service;
  const clusterIps = virtualIpsOf(spec.clusterIPs ?? [spec.clusterIP ?? '']);
  if (spec.type === 'ExternalName' || clusterIps.length === 0) return undefined;
  const labels = metadata.labels ?? {};
  const isForeign = PROXY_NAME_LABEL in labels || HEADLESS_LABEL in labels;
  return {
    key: keyOf(service),
    seniority: `${metadata.creationTimestamp} ${keyOf(service)}`,
    clusterIps,
    externalIps: isForeign ? [] : externalIpsOf(service, new Set(clusterIps.map(({ family }) => family))),
    healthCheckPort: isForeign ? undefined : healthCheckPortOf(spec),
    ports: isForeign ? [] : (spec.ports ?? []).flatMap((port) => selectPort(port, spec.type, slices)),
    internalPolicy: policyOf(spec.internalTrafficPolicy),
    externalPolicy: policyOf(spec.externalTrafficPolicy),
    stickySeconds:
      spec.sessionAffinity === 'ClientIP'
        ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? STICKY_SECONDS)
        : undefined,
    isForeign,
  };
};

/** The API server gives the port to Services of type LoadBalancer with externalTrafficPolicy Local only. */
const healthCheckPortOf = ({ type, externalTrafficPolicy, healthCheckNodePort }: ServiceSpec) =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local' && isPort(healthCheckNodePort)
    ? healthCheckNodePort
    : undefined;

const selectPort = (
  { name = '', protocol = 'TCP', port, nodePort }: ServicePort,
  type: string | undefined,
  slices: readonly Stored<EndpointSlice>[],
): SelectedPort[] => {
  const known = protocolOf(protocol);
  if (!known || !isPort(port)) return [];
  const candidates = slices.flatMap((slice) => candidatesOf(slice, name, protocol));
  const isExposed = type === 'NodePort' || type === 'LoadBalancer';
  return [
    { protocol: known, port, nodePort: isExposed && isPort(nodePort) ? nodePort : undefined, candidates },
  ];
};

const candidatesOf = (slice: Stored<EndpointSlice>, name: string, protocol: string): Candidate[] => {
  const ports = (slice.ports ?? []).filter(
    (port) => (port.name ?? '') === name && (port.protocol ?? 'TCP') === protocol,
  );
  return ports.flatMap(({ port }) =>
    isPort(port) ? (slice.endpoints ?? []).flatMap((endpoint) => candidateOf(endpoint, port)) : [],
  );
};

/**
 * Only the first address counts (Kubernetes 1.36, EndpointSlice: "consumers" of all others are undefined). One that is
 * loopback, link-local or multicast would lead to another machine on each node: the API refuses it, and so does this.
 */
const candidateOf = (endpoint: Endpoint, port: number): Candidate[] => {
  const address = parseSloppyAddress(endpoint.addresses[0] ?? '');
  if (!address || !isReachable(address)) return [];
  const { ready, serving, terminating } = endpoint.conditions ?? {};
  const isReady = ready ?? true;
  return [
    {
      family: address.family,
      address: formatAddress(address),
      port,
      isReady,
      isServing: serving ?? isReady,
      isTerminating: terminating ?? false,
      nodeName: endpoint.nodeName,
      forNodes: endpoint.hints?.forNodes?.map(({ name }) => name),
      forZones: endpoint.hints?.forZones?.map(({ name }) => name),
    },
  ];
};

const isPort = (port: number | undefined): port is number =>
  Number.isInteger(port) && port! > 0 && port! < 65_536;

const policyOf = (policy: string | undefined): TrafficPolicy => (policy === 'Local' ? 'Local' : 'Cluster');

const PROTOCOLS: Readonly<Record<string, Protocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };
const protocolOf = (protocol: string): Protocol | undefined => PROTOCOLS[protocol];
