// A Service and its EndpointSlices, cut down to what has a name.
import type { Endpoint, EndpointSlice, Service } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { familyOf } from '../ip/address.ts';
import { isName, lowerName } from '../wire/dns/name.ts';

export type NamedPort = { readonly name: string; readonly protocol: string; readonly port: number };

export type HeadlessEndpoint = {
  /** The pod's hostname, or a label made of its address. */
  readonly label: string;
  readonly address: string;
  readonly ports: readonly NamedPort[];
};

type Identity = { readonly name: string; readonly namespace: string };

export type DnsService = Identity &
  (
    | { readonly kind: 'cluster-ip'; readonly ips: readonly string[]; readonly ports: readonly NamedPort[] }
    | { readonly kind: 'headless'; readonly endpoints: readonly HeadlessEndpoint[] }
    | { readonly kind: 'external-name'; readonly target: string }
  );

export const isHeadless = ({ spec }: Stored<Service>): boolean =>
  spec?.clusterIP === 'None' && spec.type !== 'ExternalName';

/** Undefined while the Service has no address yet, or a name that DNS cannot carry. `slices` matter to headless ones only. */
export const selectService = (
  service: Stored<Service>,
  slices: readonly Stored<EndpointSlice>[],
): DnsService | undefined => {
  const { spec, metadata } = service;
  const identity = { name: metadata.name, namespace: metadata.namespace ?? '' };
  if (spec?.type === 'ExternalName') return externalName(identity, spec.externalName ?? '');
  if (isHeadless(service)) return { ...identity, kind: 'headless', endpoints: endpointsOf(slices) };
  const ips = (spec?.clusterIPs ?? [spec?.clusterIP ?? '']).filter((ip) => familyOf(ip) !== undefined);
  if (ips.length === 0) return undefined;
  const ports = (spec?.ports ?? []).flatMap(({ name, protocol = 'TCP', port }) =>
    name ? [{ name, protocol, port }] : [],
  );
  return { ...identity, kind: 'cluster-ip', ips, ports };
};

const externalName = (identity: Identity, externalName: string): DnsService | undefined => {
  const target = lowerName(externalName.replace(/\.$/, ''));
  return target !== '' && isName(target) ? { ...identity, kind: 'external-name', target } : undefined;
};

/** One of each address: while an endpoint moves from one slice to another it can be in both. */
const endpointsOf = (slices: readonly Stored<EndpointSlice>[]): readonly HeadlessEndpoint[] => {
  const byAddress = new Map<string, HeadlessEndpoint>();
  for (const { endpoints = [], ports = [], addressType } of slices) {
    if (addressType === 'FQDN') continue;
    const named = ports.flatMap(({ name, protocol = 'TCP', port }) =>
      name && port !== undefined ? [{ name, protocol, port }] : [],
    );
    for (const endpoint of endpoints.filter(isReady)) {
      const [address = ''] = endpoint.addresses;
      if (familyOf(address) === undefined) continue;
      byAddress.set(address, { label: labelOf(endpoint, address), address, ports: named });
    }
  }
  return [...byAddress.values()];
};

/** Unknown readiness counts as ready (EndpointConditions in discovery/v1). publishNotReadyAddresses shows here as ready. */
const isReady = ({ conditions }: Endpoint): boolean => conditions?.ready !== false;

/** An address as a label: `10-244-0-7`, `fd00-10--7`. */
const labelOf = ({ hostname }: Endpoint, address: string): string =>
  hostname ? lowerName(hostname) : address.replace(/[.:]/g, '-');
