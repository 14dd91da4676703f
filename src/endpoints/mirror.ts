// Endpoints that a user wrote by hand, as slices: proxies read only slices. KEP-0752, EndpointSlice mirroring;
// kubernetes pkg/controller/endpointslicemirroring (1.36).
import { formatAddress, parseAddress } from '../ip/address.ts';
import type {
  Endpoint,
  EndpointAddress,
  EndpointSubset,
  Endpoints,
  Service,
} from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { controllerReference } from '../k8s/owner-references.ts';
import { endpoints as endpointsResource } from '../k8s/resources.ts';
import { slicePrefix } from './compile.ts';
import { MANAGED_BY, SERVICE_NAME, TRIGGER_TIME, endpointKey, groupKey } from './state.ts';
import type { AddressType, SliceGroup, WantedSlices } from './state.ts';

export const MIRRORING_CONTROLLER = 'endpointslicemirroring-controller.k8s.io';

const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** --mirroring-max-endpoints-per-subset, which bounds a slice as well. */
const CAPACITY = 1000;

/** Whether a user looks after this object, for a Service that has no selector. */
export const isMirrored = (endpoints: Stored<Endpoints>, service: Stored<Service> | undefined): boolean => {
  const { labels = {}, annotations = {} } = endpoints.metadata;
  const hasSelector = Object.keys(service?.spec?.selector ?? {}).length > 0;
  return service !== undefined && !hasSelector && labels[SKIP_MIRROR] !== 'true' && !(LEADER in annotations);
};

export const compileMirror = (endpoints: Stored<Endpoints>): WantedSlices => {
  const { name, namespace = '', labels, annotations } = endpoints.metadata;
  const unmirrored = new Set([LAST_APPLIED, TRIGGER_TIME]);
  return {
    namespace,
    namePrefix: slicePrefix(name),
    owner: controllerReference(endpointsResource, endpoints),
    labels: { ...labels, [SERVICE_NAME]: name, [MANAGED_BY]: MIRRORING_CONTROLLER },
    annotations: Object.fromEntries(
      Object.entries(annotations ?? {}).filter(([key]) => !unmirrored.has(key)),
    ),
    groups: mergeGroups((endpoints.subsets ?? []).flatMap(groupsOf)),
    capacity: CAPACITY,
  };
};

const groupsOf = (subset: EndpointSubset): SliceGroup[] => {
  const ports = (subset.ports ?? []).map(({ name = '', protocol = 'TCP', ...others }) => ({
    name,
    protocol,
    ...others,
  }));
  const endpoints = [
    ...(subset.addresses ?? []).flatMap((address) => endpointOf(address, true)),
    ...(subset.notReadyAddresses ?? []).flatMap((address) => endpointOf(address, false)),
  ].slice(0, CAPACITY);
  return (['IPv4', 'IPv6'] as const).flatMap((addressType) => {
    const own = endpoints.filter(({ addresses }) => typeOf(addresses[0]!) === addressType);
    return own.length > 0 ? [{ addressType, ports, endpoints: own }] : [];
  });
};

const endpointOf = ({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint[] => {
  const address = parseAddress(ip);
  if (!address) return [];
  return [
    {
      addresses: [formatAddress(address)],
      conditions: { ready },
      ...(hostname ? { hostname } : {}),
      ...(nodeName ? { nodeName } : {}),
      ...(targetRef ? { targetRef } : {}),
    },
  ];
};

const typeOf = (ip: string): AddressType => (ip.includes(':') ? 'IPv6' : 'IPv4');

/** Subsets with equal ports are one group, and an endpoint is in it once. */
const mergeGroups = (groups: readonly SliceGroup[]): readonly SliceGroup[] =>
  [...Map.groupBy(groups, groupKey).values()].map((same) => {
    const endpoints = same.flatMap((group) => group.endpoints);
    return {
      ...same[0]!,
      endpoints: [...new Map(endpoints.map((each) => [endpointKey(each), each])).values()],
    };
  });
