// What the controllers want: groups of endpoints with the same ports, to be packed into slices.
import type {
  DiscoveryV1EndpointPort,
  Endpoint,
  EndpointSlice,
  OwnerReference,
} from '../k8s/generated/types.ts';
import type { Labels } from '../k8s/labels.ts';
import { canonicalJson } from '../lang/canonical-json.ts';

export type AddressType = 'IPv4' | 'IPv6';

/** Endpoints that share their address type and ports; only such may be in one slice. */
export type SliceGroup = {
  readonly addressType: AddressType;
  readonly ports: readonly DiscoveryV1EndpointPort[];
  /** Distinct by endpointKey. */
  readonly endpoints: readonly Endpoint[];
};

/** All slices that one owner should have, before they are packed. */
export type WantedSlices = {
  readonly namespace: string;
  /** Of metadata.generateName. */
  readonly namePrefix: string;
  readonly owner: OwnerReference;
  readonly labels: Labels;
  readonly annotations: Readonly<Record<string, string>>;
  readonly groups: readonly SliceGroup[];
  /** Endpoints that a slice holds at most. */
  readonly capacity: number;
};

export const SERVICE_NAME = 'kubernetes.io/service-name';
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const HEADLESS = 'service.kubernetes.io/headless';
export const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

/** Equal for the same address of the same pod: its conditions may change in place. */
export const endpointKey = ({ addresses, hostname, targetRef }: Endpoint): string =>
  [...addresses, hostname ?? '', targetRef?.kind, targetRef?.namespace, targetRef?.name, targetRef?.uid].join(
    ' ',
  );

/** Equal for slices that may hold the same endpoints, whatever the order of the ports. */
export const groupKey = ({ addressType, ports }: Pick<EndpointSlice, 'addressType' | 'ports'>): string =>
  [addressType, ...(ports ?? []).map((port) => canonicalJson(port)).sort()].join(' ');

/** One line for each endpoint, sorted: `IPv4 http:8080/TCP 10.244.0.5 ready`. */
export const toText = (
  groups: readonly Pick<EndpointSlice, 'addressType' | 'ports' | 'endpoints'>[],
): string =>
  groups
    .flatMap(({ addressType, ports, endpoints }) =>
      (endpoints ?? []).map(
        (endpoint) =>
          `${addressType} ${portsText(ports ?? [])} ${endpoint.addresses.join()} ${stateText(endpoint)}`,
      ),
    )
    .sort()
    .join('\n');

const portsText = (ports: readonly DiscoveryV1EndpointPort[]): string =>
  ports
    .map(({ name, port, protocol }) => `${name ? `${name}:` : ''}${port}/${protocol}`)
    .sort()
    .join() || '-';

const stateText = ({
  conditions: { ready, serving, terminating } = {},
  zone,
  hostname,
  hints,
}: Endpoint): string =>
  [
    ready ? 'ready' : 'unready',
    serving && !ready ? 'serving' : '',
    terminating ? 'terminating' : '',
    zone ? `zone=${zone}` : '',
    hostname ? `hostname=${hostname}` : '',
    ...(hints?.forZones ?? []).map(({ name }) => `for-zone=${name}`),
    ...(hints?.forNodes ?? []).map(({ name }) => `for-node=${name}`),
  ]
    .filter(Boolean)
    .join(' ');
