// What the underlay is made of, computed from the cluster's plan. Pure: a plan in; addresses, routes and rules out.
import { addressToBytes, parseAddress } from '../ip/address.ts';
import type { Address } from '../ip/address.ts';
import { parsePrefix, prefixesOverlap } from '../ip/prefix.ts';
import type { Prefix } from '../ip/prefix.ts';
import { macFromBytes } from '../wire/mac.ts';
import { bridgeName, tableName } from './names.ts';

/** The part of an embedded cluster's plan that the underlay needs. Pairs are IPv4, then IPv6. */
export type UnderlayConfig = {
  readonly name: string;
  readonly underlayCidrs: readonly string[];
  readonly hostAddresses: readonly string[];
  readonly podCidrs: readonly string[];
  readonly serviceCidrs: readonly string[];
  /** Addresses in them are routed one by one, by `src/loadbalancer`. */
  readonly loadBalancerPools: readonly string[];
  readonly nodes: readonly {
    readonly name: string;
    readonly addresses: readonly string[];
    readonly podCidrs: readonly string[];
  }[];
};

/** An address on the underlay, with the length of its network. */
export type UnderlayAddress = { readonly address: Address; readonly length: number };

/** Without a gateway: on the link. With several: each flow takes one of them. */
export type UnderlayRoute = { readonly destination: Prefix; readonly via: readonly Address[] };

/** The host's, or a node's, addresses on the underlay. */
export const underlayAddresses = (
  { underlayCidrs }: Pick<UnderlayConfig, 'underlayCidrs'>,
  addresses: readonly string[],
): readonly UnderlayAddress[] =>
  addresses.map((text, index) => ({
    address: addressOf(text),
    length: prefixFrom(underlayCidrs[index]!).length,
  }));

/**
 * Host to pods: through their node. Host to Services: through any node. Addresses of pods and load balancers that nobody
 * has stay on the bridge, where nobody answers, instead of going out by the host's default route.
 */
export const hostRoutes = ({
  nodes,
  podCidrs,
  serviceCidrs,
  loadBalancerPools,
}: UnderlayConfig): readonly UnderlayRoute[] => [
  ...[...podCidrs, ...loadBalancerPools].map((cidr) => ({ destination: prefixFrom(cidr), via: [] })),
  ...nodes.flatMap((node) =>
    node.podCidrs.map((cidr, index) => ({
      destination: prefixFrom(cidr),
      via: [addressOf(node.addresses[index]!)],
    })),
  ),
  ...serviceCidrs.map((cidr) => viaAnyNode(nodes, prefixFrom(cidr))),
];

/**
 * Host to the Services of ranges that came later. Not to ranges that would take the host's own traffic away: those that
 * overlap with the cluster's other networks, and very wide ones.
 */
export const laterServiceRoutes = (
  { nodes, podCidrs, underlayCidrs, serviceCidrs, loadBalancerPools }: UnderlayConfig,
  cidrs: readonly string[],
): readonly UnderlayRoute[] => {
  const others = [...podCidrs, ...underlayCidrs, ...loadBalancerPools].map(prefixFrom);
  return [...new Set(cidrs)]
    .filter((cidr) => !serviceCidrs.includes(cidr))
    .map(prefixFrom)
    .filter((prefix) => prefix.length >= WIDEST && !others.some((other) => prefixesOverlap(other, prefix)))
    .map((prefix) => viaAnyNode(nodes, prefix));
};

/** As wide as the networks that are set aside for private use (RFC 1918, RFC 4193). */
const WIDEST = 8;

const viaAnyNode = (nodes: UnderlayConfig['nodes'], destination: Prefix): UnderlayRoute => ({
  destination,
  via: nodes.flatMap(({ addresses }) =>
    addresses.map(addressOf).filter(({ family }) => family === destination.family),
  ),
});

/** Everything a node does not know goes to the host, with the node's own address and not one of a Service's on lo. */
export const nodeDefaultRoutes = (
  { hostAddresses }: Pick<UnderlayConfig, 'hostAddresses'>,
  addresses: readonly string[],
): readonly { readonly destination: Prefix; readonly via: Address; readonly source: Address }[] =>
  addresses.map((text, index) => ({
    destination: everything(addressOf(text)),
    via: addressOf(hostAddresses[index]!),
    source: addressOf(text),
  }));

/** The host's table: nodes go out with the host's address. Replaces the table as a whole. */
export const hostRules = ({ name, underlayCidrs }: UnderlayConfig): string => `
add table inet ${tableName(name)}
delete table inet ${tableName(name)}
table inet ${tableName(name)} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
${underlayCidrs.map((cidr) => `    ${ipOf(cidr)} saddr ${cidr} oifname != "${bridgeName(name)}" masquerade\n`).join('')}  }
}
`;

/** An Ethernet address that follows from an IPv4 address, locally administered: 0a:58 and its bytes. */
export const macOf = (ipv4: string): string =>
  macFromBytes(Uint8Array.of(0x0a, 0x58, ...addressToBytes(addressOf(ipv4))));

const ipOf = (cidr: string): 'ip' | 'ip6' => (cidr.includes(':') ? 'ip6' : 'ip');

const everything = ({ family }: Address): Prefix => ({ family, address: { family, value: 0n }, length: 0 });

const addressOf = (text: string): Address => {
  const address = parseAddress(text);
  if (!address) throw new TypeError(`not an IP address: ${text}`);
  return address;
};

const prefixFrom = (text: string): Prefix => {
  const prefix = parsePrefix(text);
  if (!prefix) throw new TypeError(`not a CIDR prefix: ${text}`);
  return prefix;
};
