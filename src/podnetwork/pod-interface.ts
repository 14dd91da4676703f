// A pod's wire, as requests to the kernel: a veth pair, routed at both ends, no bridge.
//
//   pod                                              node
//   eth0  10.244.0.7/32                              vethXXXXXXXXXXX  (no address)
//         default via 169.254.1.1, fe80::1 onlink    10.244.0.7/32 dev veth... src NODE
//
// Both ends say for good where the other is (permanent neighbours), so nobody asks by ARP or NDP: no first-packet
// delay, no proxy_arp. The gateways' addresses are nobody's; without a link-local address on the node's end the kernel
// sends no IPv6 redirects either (linux net/ipv6/ndisc.c, ndisc_send_redirect).
import { createHash } from 'node:crypto';
import { addressToBytes, bitsOf, parseAddress } from '../ip/address.ts';
import type { Address, Family } from '../ip/address.ts';
import { prefixOf } from '../ip/prefix.ts';
import { replaceAddress } from '../kernel/interface-address.ts';
import { LOOPBACK_INDEX, addLink, setLink } from '../kernel/link.ts';
import { replaceNeighbor } from '../kernel/neighbor.ts';
import type { NetlinkRequest } from '../kernel/netlink-socket.ts';
import { replaceRoute, routeOf } from '../kernel/route.ts';
import { macFromBytes } from '../wire/mac.ts';

export const POD_LINK = 'eth0';

const GATEWAYS: Readonly<Record<Family, Address>> = {
  4: parseAddress('169.254.1.1')!,
  6: parseAddress('fe80::1')!,
};

/** The same on every wire: each is a link of its own. */
const NODE_MAC = 'ee:ee:ee:ee:ee:ee';

/** IFALIASZ - 1. */
const ALIAS_MAX = 255;

/** IPv6 settings of a pod's namespace before its eth0 comes: addresses at once, and no routers but ours. */
export const POD_SYSCTLS: readonly (readonly [string, string])[] = [
  ['net/ipv6/conf/default/accept_dad', '0'],
  ['net/ipv6/conf/default/accept_ra', '0'],
];

export type PodWire = {
  readonly linkName: string;
  readonly addresses: readonly Address[];
  readonly mtuBytes: number;
  /** For `ip link` on the node. */
  readonly alias: string;
};

/** The name of the node's end: `veth` and 44 bits of the sandbox id's hash. */
export const nodeLinkName = (sandboxId: string): string =>
  `veth${createHash('sha256').update(sandboxId).digest('hex').slice(0, 11)}`;

/** Both ends are born in their places, with their names: nothing is moved or renamed. */
export const addWire = ({ linkName, addresses, mtuBytes }: PodWire, netnsFd: number): NetlinkRequest =>
  addLink({
    name: linkName,
    mac: NODE_MAC,
    mtuBytes,
    info: { kind: 'veth', peer: { name: POD_LINK, mac: podMac(addresses), mtuBytes, netnsFd } },
  });

/** In the node's namespace. `sources` are the node's own addresses: its pods see it as the cluster knows it. */
export const setUpNodeEnd = (
  { alias, addresses }: PodWire,
  linkIndex: number,
  sources: Readonly<Partial<Record<Family, Address>>>,
): readonly NetlinkRequest[] => [
  setLink({ index: linkIndex, linkLocal: 'none' }),
  setLink({ index: linkIndex, up: true, alias: alias.slice(0, ALIAS_MAX) }),
  ...addresses.map((address) => replaceNeighbor({ linkIndex, address, mac: podMac(addresses) })),
  ...addresses.map((address) => {
    const source = sources[address.family];
    const destination = prefixOf(address, bitsOf(address.family));
    return replaceRoute(routeOf({ destination, linkIndex, ...(source ? { source } : {}) }));
  }),
];

/** In the pod's namespace. */
export const setUpPodEnd = ({ addresses }: PodWire, linkIndex: number): readonly NetlinkRequest[] => [
  setLink({ index: LOOPBACK_INDEX, up: true }),
  setLink({ index: linkIndex, up: true }),
  ...addresses.flatMap((address) => {
    const via = GATEWAYS[address.family];
    const everything = prefixOf({ family: address.family, value: 0n }, 0);
    return [
      replaceAddress({ linkIndex, address, length: bitsOf(address.family) }),
      replaceNeighbor({ linkIndex, address: via, mac: NODE_MAC }),
      replaceRoute(routeOf({ destination: everything, via, linkIndex, onLink: true })),
    ];
  }),
];

/** Locally administered, and follows from the first address: 0a:58 and its last four bytes. */
const podMac = (addresses: readonly Address[]): string =>
  macFromBytes(Uint8Array.of(0x0a, 0x58, ...addressToBytes(addresses[0]!).slice(-4)));
