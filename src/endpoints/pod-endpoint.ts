// What a pod is as an endpoint of a Service. kubernetes staging/src/k8s.io/endpointslice/utils.go (1.36).
import { formatAddress, parseAddress } from '../ip/address.ts';
import type {
  Container,
  DiscoveryV1EndpointPort,
  Endpoint,
  EndpointHints,
  Pod,
  Service,
  ServicePort,
} from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { isPodFinished, isPodReady, sidecarsOf } from '../k8s/pod-state.ts';
import type { AddressType } from './state.ts';
import { isTopologyAuto } from './zones/topology-mode.ts';

/** Whether the pod may be an endpoint at all: it has addresses and will not end by itself any more. */
export const isEndpoint = (pod: Stored<Pod>): boolean =>
  !isPodFinished(pod) && (pod.status?.podIPs?.length ?? 0) > 0;

/** The pod's addresses of one family, in canonical form. */
export const podAddresses = ({ status }: Stored<Pod>, addressType: AddressType): readonly string[] =>
  (status?.podIPs ?? []).flatMap(({ ip }) => {
    const address = parseAddress(ip ?? '');
    return address && `IPv${address.family}` === addressType ? [formatAddress(address)] : [];
  });

/** The hostname that DNS gives the pod below the Service's name. */
export const endpointHostname = (
  { spec, metadata }: Stored<Pod>,
  service: Stored<Service>,
): string | undefined =>
  spec?.hostname &&
  spec.subdomain === service.metadata.name &&
  metadata.namespace === service.metadata.namespace
    ? spec.hostname
    : undefined;

/**
 * A terminating pod is never ready, so that proxies which only know `ready` leave it alone; `serving` tells the others
 * that it still answers (KEP-1672).
 */
export const endpointOf = (
  pod: Stored<Pod>,
  service: Stored<Service>,
  addresses: readonly string[],
  zone: string | undefined,
): Endpoint => {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const nodeName = pod.spec?.nodeName;
  const hostname = endpointHostname(pod, service);
  const hints = ready ? hintsFor(service, zone, nodeName) : undefined;
  const { namespace, name, uid } = pod.metadata;
  return {
    addresses,
    conditions: { ready, serving, terminating },
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
    ...(hostname ? { hostname } : {}),
    ...(hints ? { hints } : {}),
  };
};

/**
 * KEP-3015: the zone is hinted for PreferSameNode too, for proxies that do not know hints for nodes. Topology mode Auto
 * comes first: its hints are those of all endpoints together (`zones/`).
 */
const hintsFor = (
  service: Stored<Service>,
  zone: string | undefined,
  nodeName: string | undefined,
): EndpointHints | undefined => {
  const { spec } = service;
  const isPreferring = ['PreferClose', 'PreferSameZone', 'PreferSameNode'].includes(
    spec?.trafficDistribution ?? '',
  );
  const forNode = spec?.trafficDistribution === 'PreferSameNode' ? nodeName : undefined;
  if (isTopologyAuto(service) || !isPreferring || (!zone && !forNode)) return undefined;
  return {
    ...(zone ? { forZones: [{ name: zone }] } : {}),
    ...(forNode ? { forNodes: [{ name: forNode }] } : {}),
  };
};

/** The Service's ports as this pod has them: a name that the pod does not have is left out. */
export const endpointPorts = (
  { spec }: Stored<Service>,
  pod: Stored<Pod>,
): readonly DiscoveryV1EndpointPort[] =>
  (spec?.ports ?? []).flatMap((servicePort) => {
    const port = targetPort(servicePort, pod);
    const { name = '', protocol = 'TCP', appProtocol } = servicePort;
    return port === undefined ? [] : [{ name, port, protocol, ...(appProtocol ? { appProtocol } : {}) }];
  });

const targetPort = (
  { targetPort: target, port, protocol = 'TCP' }: ServicePort,
  pod: Stored<Pod>,
): number | undefined => {
  if (typeof target !== 'string') return target ?? port;
  return namedPort([...(pod.spec?.containers ?? []), ...sidecarsOf(pod.spec)], target, protocol);
};

const namedPort = (containers: readonly Container[], name: string, protocol: string): number | undefined =>
  containers
    .flatMap(({ ports }) => ports ?? [])
    .find((port) => port.name === name && (port.protocol ?? 'TCP') === protocol)?.containerPort;
