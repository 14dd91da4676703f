// Which connections are meant: names become addresses, Services their endpoints.
import { formatAddress, parseAddress } from '../../ip/address.ts';
import type { Address } from '../../ip/address.ts';
import type {
  DiscoveryV1EndpointPort as EndpointPort,
  Endpoint,
  Pod,
  Service,
  ServicePort,
} from '../../k8s/generated/types.ts';
import { joinKey, keyOf } from '../../k8s/objects.ts';
import type { Stored } from '../../k8s/objects.ts';
import { isPodActive, isPodFinished } from '../../k8s/pod-state.ts';
import type { Connection } from '../../policy/model/evaluate.ts';
import type { ConnectionProtocol } from '../../policy/model/match.ts';
import { ownerOf } from '../../policy/model/workloads.ts';
import { isProtocol } from '../../policy/model/world.ts';
import type { ClusterObjects } from './cluster-world.ts';
import { UserError } from '../output.ts';
import type { End, Target } from './parse-target.ts';

/** Where a connection may go, after a Service's address has become an endpoint's. */
export type Destination = Omit<Connection, 'source'>;

/** The connections of the source to the target, of the families that both have. Throws UserError. */
export const connectionsTo = (
  source: End,
  target: Target,
  cluster: ClusterObjects,
): readonly Connection[] => {
  const sources = addressesOf(source, cluster);
  const service = serviceOf(target, cluster);
  const destinations = service
    ? answering(serviceDestinations(service, target, cluster), service, source, cluster)
    : placeDestinations(target, cluster);
  const connections = destinations.flatMap((to) =>
    sources.filter(({ family }) => family === to.destination.family).map((from) => ({ source: from, ...to })),
  );
  if (connections.length === 0) throw new UserError('the two have no address of the same family');
  return connections;
};

/** The node that the source runs on: none for one that is no pod. */
export const sourceNode = (source: End, cluster: ClusterObjects): readonly string[] => {
  const name = podAt(source, cluster)?.spec?.nodeName;
  return name ? [name] : [];
};

/** The cluster DNS is not balanced: the pod's own node answers, whatever endpoints the Service has. */
const answering = (
  destinations: readonly Destination[],
  service: Stored<Service>,
  source: End,
  cluster: ClusterObjects,
): readonly Destination[] => {
  const isDns = service.spec?.clusterIPs?.some((ip) => cluster.dnsServiceIps.includes(ip));
  const [node] = sourceNode(source, cluster);
  if (!isDns || !node) return destinations;
  const own = addressesOf({ kind: 'node', namespace: '', name: node }, cluster).map(formatAddress);
  return destinations.filter(({ destination }) => own.includes(formatAddress(destination)));
};

/** The Service that the target is, by its name or one of its addresses. */
export const serviceOf = ({ end }: Target, { services }: ClusterObjects): Stored<Service> | undefined => {
  if (end.kind === 'address') return services.find(({ spec }) => hasAddress(spec?.clusterIPs, end.address));
  if (end.kind !== 'service') return undefined;
  const service = services.find(
    ({ metadata }) => metadata.name === end.name && metadata.namespace === end.namespace,
  );
  if (!service) throw new UserError(`there is no Service ${end.namespace}/${end.name}`);
  return service;
};

const hasAddress = (texts: readonly string[] | undefined, address: Address): boolean =>
  (texts ?? []).includes(formatAddress(address));

const placeDestinations = (target: Target, cluster: ClusterObjects): readonly Destination[] => {
  const addresses = addressesOf(target.end, cluster);
  return portsOf(target, cluster).flatMap((port) =>
    addresses.map((destination) => ({ destination, ...port })),
  );
};

type PortOf = { readonly protocol: ConnectionProtocol; readonly port: number | undefined };

/** What the target says, else whatever the pod declares. */
const portsOf = (target: Target, cluster: ClusterObjects): readonly PortOf[] => {
  const { port, protocol, end } = target;
  if (protocol === 'ICMP') return [{ protocol, port: undefined }];
  if (port !== undefined && /^\d+$/.test(port)) return [{ protocol: protocol ?? 'TCP', port: Number(port) }];
  const declared = containerPorts(podAt(end, cluster))
    .filter((each) => port === undefined || each.name === port)
    .filter((each) => protocol === undefined || each.protocol === protocol);
  if (declared.length > 0) return declared;
  throw new UserError(
    port === undefined
      ? 'give a port, as NAME:PORT: the target declares none'
      : `the target has no port with the name ${port}`,
  );
};

const containerPorts = (
  pod: Stored<Pod> | undefined,
): readonly (PortOf & { readonly name?: string | undefined })[] =>
  (pod?.spec?.containers ?? [])
    .flatMap(({ ports = [] }) => ports)
    .flatMap(({ protocol = 'TCP', containerPort: port, name }) =>
      isProtocol(protocol) ? [{ protocol, port, name }] : [],
    );

/** Every endpoint that is ready, on the port that it has for the Service's. */
const serviceDestinations = (
  service: Stored<Service>,
  target: Target,
  { endpointSlices }: ClusterObjects,
): readonly Destination[] => {
  const key = keyOf(service);
  const isHeadless = service.spec?.clusterIP === 'None';
  const ports = servicePorts(service, target);
  const slices = endpointSlices.filter(
    ({ metadata }) =>
      metadata.namespace === service.metadata.namespace &&
      metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name,
  );
  const destinations = ports.flatMap((servicePort) =>
    slices.flatMap(({ ports: slicePorts = [], endpoints = [] }) =>
      slicePorts
        .filter((slicePort) => isPortOf(slicePort, servicePort))
        // Nothing translates the port of a headless Service: what its names lead to is dialled as it is.
        .map((slicePort) => (isHeadless ? { ...slicePort, port: servicePort.port } : slicePort))
        .flatMap((slicePort) =>
          endpoints.flatMap((endpoint) => destinationOf(endpoint, slicePort, !isHeadless)),
        ),
    ),
  );
  if (destinations.length === 0) throw new UserError(`no endpoint of Service ${key} is ready`);
  return destinations;
};

/** Those that the target means. */
const servicePorts = (
  { metadata, spec }: Stored<Service>,
  { port, protocol }: Target,
): readonly ServicePort[] => {
  const ports = (spec?.ports ?? [])
    .filter((each) => port === undefined || port === each.name || port === String(each.port))
    .filter((each) => protocol === undefined || protocol === (each.protocol ?? 'TCP'));
  if (ports.length > 0) return ports;
  throw new UserError(
    `Service ${keyOf({ metadata })} has no port ${[port, protocol].filter(Boolean).join(' ')}`,
  );
};

const isPortOf = (slicePort: EndpointPort, servicePort: ServicePort): boolean =>
  (slicePort.name ?? '') === (servicePort.name ?? '') &&
  (slicePort.protocol ?? 'TCP') === (servicePort.protocol ?? 'TCP');

const destinationOf = (
  { addresses, conditions }: Endpoint,
  { port, protocol = 'TCP' }: EndpointPort,
  isThroughService: boolean,
): readonly Destination[] => {
  const destination = parseAddress(addresses[0] ?? '');
  if (conditions?.ready === false || !destination || !isProtocol(protocol)) return [];
  return [{ destination, protocol, port, isThroughService }];
};

const addressesOf = (end: End, cluster: ClusterObjects): readonly Address[] => {
  switch (end.kind) {
    case 'address':
      return [end.address];
    case 'service':
      throw new UserError('a Service cannot be the source: give the pod, or an address');
    case 'node': {
      const node = cluster.nodes.find(({ metadata }) => metadata.name === end.name);
      if (!node) throw new UserError(`there is no node ${end.name}`);
      return parsed((node.status?.addresses ?? []).map(({ address }) => address));
    }
    case 'workload':
    case 'pod': {
      const pod = podAt(end, cluster);
      if (!pod) throw new UserError(missingPod(end, cluster));
      if (isPodFinished(pod))
        throw new UserError(`pod ${keyOf(pod)} has finished: it has no address any more`);
      const addresses = parsed((pod.status?.podIPs ?? []).map(({ ip }) => ip));
      if (addresses.length === 0) throw new UserError(`pod ${keyOf(pod)} has no address yet`);
      return addresses;
    }
  }
};

const parsed = (texts: readonly string[]): readonly Address[] =>
  texts.flatMap((text) => parseAddress(text) ?? []);

const podAt = (end: End, { pods }: ClusterObjects): Stored<Pod> | undefined => {
  const hasIp = (pod: Stored<Pod>, address: Address): boolean =>
    hasAddress(
      pod.status?.podIPs?.map(({ ip }) => ip),
      address,
    );
  if (end.kind === 'address') return pods.find((pod) => !isPodFinished(pod) && hasIp(pod, end.address));
  const key = joinKey(end.namespace, end.name);
  if (end.kind === 'pod') return pods.find((pod) => keyOf(pod) === key);
  const own = end.kind === 'workload' ? pods.filter((pod) => ownerOf(pod) === key && isPodActive(pod)) : [];
  return own.find(({ status }) => status?.podIPs?.length) ?? own[0];
};

/** With what may have been meant. */
const missingPod = (
  { kind, namespace, name }: Exclude<End, { kind: 'address' }>,
  { pods, services }: ClusterObjects,
): string => {
  const key = joinKey(namespace, name);
  if (kind === 'workload') return `no pod of ${key} is there`;
  const hints = [
    ...(services.some((service) => keyOf(service) === key) ? [`svc/${key} is a Service`] : []),
    ...(pods.some((pod) => ownerOf(pod) === key) ? [`deploy/${key} has pods`] : []),
  ];
  return [`there is no pod ${key}`, ...hints].join('; ');
};
