// Rules for Endpoints and EndpointSlices.
import { duplicate, invalid, required, tooMany } from '../../k8s/field-errors.ts';
import type {
  DiscoveryV1EndpointPort,
  Endpoint,
  EndpointAddress,
  EndpointPort,
  EndpointSlice,
  Endpoints,
} from '../../k8s/generated/types.ts';
import {
  type AddressRule,
  ipAddress,
  ipv4Address,
  ipv6Address,
  reachableAddress,
  unlessKnown,
} from './addresses.ts';
import { type FieldErrors, each, ifSet, ifText, repeatedIndexes, when } from './compose.ts';
import { labels } from './labels.ts';
import { FIELD_IMMUTABLE, PROTOCOLS, oneOf, portNumber } from './scalars.ts';
import { dnsLabel, dnsSubdomain, fullyQualifiedDomain, qualified, requiredDnsLabel } from './texts.ts';

/** `before`: what an update replaces; addresses that it has already may stay as they are. */
export const validateEndpoints = (
  { subsets }: Endpoints,
  _context?: unknown,
  before?: Endpoints,
): FieldErrors => {
  const known = (before?.subsets ?? []).flatMap(({ addresses = [], notReadyAddresses = [] }) =>
    [...addresses, ...notReadyAddresses].map(({ ip }) => ip),
  );
  const rule = unlessKnown(known, ipAddress);
  return each(subsets, 'subsets', ({ addresses, notReadyAddresses, ports }, at) => [
    ...when(!addresses?.length && !notReadyAddresses?.length, () =>
      required(at, 'must specify `addresses` or `notReadyAddresses`'),
    ),
    ...each(addresses, `${at}.addresses`, (address, path) => endpointAddress(address, path, rule)),
    ...each(notReadyAddresses, `${at}.notReadyAddresses`, (address, path) =>
      endpointAddress(address, path, rule),
    ),
    ...each(ports, `${at}.ports`, (port, portPath) => endpointPort(port, ports!.length > 1, portPath)),
  ]);
};

const endpointAddress = (
  { ip, hostname, nodeName }: EndpointAddress,
  path: string,
  rule: AddressRule,
): FieldErrors => [
  ...rule(ip ?? '', `${path}.ip`),
  ...ifText(hostname, (name) => dnsLabel(name, `${path}.hostname`)),
  ...ifSet(nodeName, (name) => dnsSubdomain(name, `${path}.nodeName`)),
  ...reachableAddress(ip ?? '', `${path}.ip`),
];

const endpointPort = (port: EndpointPort, needsName: boolean, path: string): FieldErrors => [
  ...(needsName || port.name ? requiredDnsLabel(port.name, `${path}.name`) : []),
  ...portNumber(port.port, `${path}.port`),
  ...oneOf(port.protocol, PROTOCOLS, `${path}.protocol`),
  ...ifSet(port.appProtocol, (protocol) => qualified(protocol, `${path}.appProtocol`)),
];

const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_PORTS = 20000;
const MAX_TOPOLOGY_LABELS = 16;
const MAX_HINTS = 8;

/** `before`: as for Endpoints. */
export const validateEndpointSlice = (
  { addressType, endpoints, ports }: EndpointSlice,
  _context?: unknown,
  before?: EndpointSlice,
): FieldErrors => {
  const rule = sliceAddressRule(addressType, before);
  return [
    ...oneOf(addressType, ['FQDN', 'IPv4', 'IPv6'], 'addressType'),
    ...((endpoints?.length ?? 0) > MAX_ENDPOINTS
      ? [tooMany('endpoints', endpoints!.length, MAX_ENDPOINTS)]
      : each(endpoints, 'endpoints', (endpoint, at) => sliceEndpoint(endpoint, rule, at))),
    ...((ports?.length ?? 0) > MAX_PORTS
      ? [tooMany('ports', ports!.length, MAX_PORTS)]
      : slicePorts(ports, 'ports')),
  ];
};

export const validateEndpointSliceUpdate = (slice: EndpointSlice, before: EndpointSlice): FieldErrors =>
  when(slice.addressType !== before.addressType, () =>
    invalid('addressType', slice.addressType, FIELD_IMMUTABLE),
  );

const addressesOf = (slice: EndpointSlice | undefined): readonly string[] =>
  (slice?.endpoints ?? []).flatMap(({ addresses }) => addresses ?? []);

const sliceEndpoint = (endpoint: Endpoint, rule: AddressRule, path: string): FieldErrors => {
  const { addresses, deprecatedTopology, hostname, nodeName, hints } = endpoint;
  const topologySize = Object.keys(deprecatedTopology ?? {}).length;
  return [
    ...when(!addresses?.length, () => required(`${path}.addresses`, 'must contain at least 1 address')),
    ...when((addresses?.length ?? 0) > MAX_ADDRESSES, () =>
      tooMany(`${path}.addresses`, addresses.length, MAX_ADDRESSES),
    ),
    ...each(addresses, `${path}.addresses`, rule),
    ...ifSet(nodeName, (name) => dnsSubdomain(name, `${path}.nodeName`)),
    ...when(topologySize > MAX_TOPOLOGY_LABELS, () =>
      tooMany(`${path}.deprecatedTopology`, topologySize, MAX_TOPOLOGY_LABELS),
    ),
    ...labels(deprecatedTopology, `${path}.deprecatedTopology`),
    ...ifSet(hostname, (name) => dnsLabel(name, `${path}.hostname`)),
    ...ifSet(hints, ({ forZones, forNodes }) => [
      ...hintNames(forZones, `${path}.hints.forZones`),
      ...hintNames(forNodes, `${path}.hints.forNodes`),
    ]),
  ];
};

const sliceAddressRule = (addressType: string, before: EndpointSlice | undefined): AddressRule => {
  switch (addressType) {
    case 'IPv4':
    case 'IPv6': {
      const family = unlessKnown(addressesOf(before), addressType === 'IPv4' ? ipv4Address : ipv6Address);
      return (address, path) => [...family(address, path), ...reachableAddress(address, path)];
    }
    case 'FQDN':
      return fullyQualifiedDomain;
    default: // an unknown type has its finding already
      return () => [];
  }
};

const hintNames = (hints: readonly { readonly name: string }[] | undefined, path: string): FieldErrors => {
  if ((hints?.length ?? 0) > MAX_HINTS) return [tooMany(path, hints!.length, MAX_HINTS)];
  const repeated = new Set(repeatedIndexes(hints, ({ name }) => name));
  return each(hints, path, ({ name }, at, index) => [
    ...dnsSubdomain(name ?? '', `${at}.name`),
    ...when(repeated.has(index), () => duplicate(`${at}.name`, name)),
  ]);
};

const slicePorts = (ports: readonly DiscoveryV1EndpointPort[] | undefined, path: string): FieldErrors => {
  const repeated = new Set(repeatedIndexes(ports, ({ name }) => name ?? ''));
  return each(ports, path, ({ name, protocol, port, appProtocol }, at, index) => [
    ...ifText(name, (text) => dnsLabel(text, `${at}.name`)),
    ...when(repeated.has(index), () => duplicate(`${at}.name`, name ?? '')),
    ...ifSet(port, (number) => portNumber(number, `${at}.port`)),
    ...oneOf(protocol, PROTOCOLS, `${at}.protocol`),
    ...ifSet(appProtocol, (text) => qualified(text, `${at}.appProtocol`)),
  ]);
};
