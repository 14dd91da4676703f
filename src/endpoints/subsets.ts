// A Service's pods in the older form, the subsets of an Endpoints object: addresses that share the same ports together.
// kubernetes pkg/controller/endpoint/endpoints_controller.go and pkg/api/v1/endpoints/util.go (1.36).
import { parseAddress } from '../ip/address.ts';
import type { EndpointAddress, EndpointPort, EndpointSubset, Pod, Service } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { isPodReady } from '../k8s/pod-state.ts';
import { canonicalJson } from '../lang/canonical-json.ts';
import { endpointHostname, endpointPorts, isEndpoint, podAddresses } from './pod-endpoint.ts';
import type { ServiceSnapshot } from './select.ts';
import type { AddressType } from './state.ts';

type Entry = {
  readonly address: EndpointAddress;
  readonly isReady: boolean;
  readonly ports: readonly EndpointPort[];
};

/** The subsets in a fixed order, addresses ascending. Only the Service's first address family is in them. */
export const compileSubsets = ({
  service,
  pods,
}: Pick<ServiceSnapshot, 'service' | 'pods'>): readonly EndpointSubset[] => {
  const entries = pods.flatMap((pod) => entryOf(service, pod));
  const groups = Map.groupBy(entries, ({ ports }) => canonicalJson(ports));
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => subsetOf(group));
};

/** Terminating pods are left out, unready ones are among the notReadyAddresses, unless the Service publishes all. */
const entryOf = (service: Stored<Service>, pod: Stored<Pod>): Entry[] => {
  const publishesAll = service.spec?.publishNotReadyAddresses === true;
  if (!isEndpoint(pod) || (!publishesAll && pod.metadata.deletionTimestamp !== undefined)) return [];
  const family = firstFamily(service);
  const [ip] = family ? podAddresses(pod, family) : [];
  const ports = endpointPorts(service, pod).map(({ name, port, ...others }) => ({
    ...(name ? { name } : {}),
    port: port!,
    ...others,
  }));
  const isPortless = service.spec?.clusterIP === 'None' && !service.spec.ports?.length;
  if (!ip || (ports.length === 0 && !isPortless)) return [];
  const hostname = endpointHostname(pod, service);
  const { namespace, name, uid } = pod.metadata;
  const address = {
    ip,
    ...(hostname ? { hostname } : {}),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
  return [{ address, isReady: publishesAll || isPodReady(pod), ports }];
};

const firstFamily = ({ spec }: Stored<Service>): AddressType | undefined =>
  spec?.ipFamilies?.find((family) => family === 'IPv4' || family === 'IPv6');

const subsetOf = (entries: readonly Entry[]): EndpointSubset => {
  const addresses = (ready: boolean): readonly EndpointAddress[] =>
    entries
      .filter(({ isReady }) => isReady === ready)
      .map(({ address }) => address)
      .sort(byAddress);
  const [ready, notReady, ports] = [addresses(true), addresses(false), entries[0]!.ports];
  return {
    ...(ready.length > 0 ? { addresses: ready } : {}),
    ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}),
    ...(ports.length > 0 ? { ports } : {}),
  };
};

const byAddress = (a: EndpointAddress, b: EndpointAddress): number => {
  const [x, y] = [parseAddress(a.ip)!.value, parseAddress(b.ip)!.value];
  if (x !== y) return x < y ? -1 : 1;
  return (a.targetRef?.uid ?? '') < (b.targetRef?.uid ?? '') ? -1 : 1;
};

/** An Endpoints object holds no more addresses than this. */
const CAPACITY = 1000;

export type Truncated = { readonly subsets: readonly EndpointSubset[]; readonly isTruncated: boolean };

/** Cuts to the capacity: ready addresses before unready ones, each subset in proportion to its size, rounded up. */
export const truncateSubsets = (subsets: readonly EndpointSubset[], capacity = CAPACITY): Truncated => {
  const ready = subsets.reduce((sum, { addresses }) => sum + (addresses?.length ?? 0), 0);
  const notReady = subsets.reduce((sum, { notReadyAddresses }) => sum + (notReadyAddresses?.length ?? 0), 0);
  if (ready + notReady <= capacity) return { subsets, isTruncated: false };
  const field = ready > capacity ? 'addresses' : 'notReadyAddresses';
  const [total, room] = ready > capacity ? [ready, capacity] : [notReady, capacity - ready];
  let left = room;
  const cut = subsets.map((subset) => {
    const all = subset[field] ?? [];
    const some = all.slice(0, Math.min(left, Math.ceil((all.length / total) * room)));
    left -= some.length;
    const { notReadyAddresses: _, ...readyOnly } = subset;
    const base = field === 'addresses' ? readyOnly : subset;
    return { ...base, [field]: some };
  });
  return { subsets: cut, isTruncated: true };
};
