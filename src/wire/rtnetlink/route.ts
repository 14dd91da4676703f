// RTM_*ROUTE: routes (linux/rtnetlink.h).
//
//   struct rtmsg   0        1          2          3     4       5          6       7      8       12
//                  | family | dst bits | src bits | tos | table | protocol | scope | type | flags |
//   struct rtnexthop, in RTA_MULTIPATH   0        2       3      4       8
//                                        | length | flags | hops | index | attributes
import { addressFromBytes, addressToBytes, bitsOf, formatAddress } from '../../ip/address.ts';
import type { Address } from '../../ip/address.ts';
import { formatPrefix, prefixOf } from '../../ip/prefix.ts';
import type { Prefix } from '../../ip/prefix.ts';
import { familyFromNumber, familyNumber } from '../family.ts';
import {
  LITTLE_ENDIAN,
  align4,
  decodeAttributes,
  encodeAttributes,
  joinPayload,
  readU32,
  u32,
  viewOf,
} from '../netlink.ts';
import type { Attribute } from '../netlink.ts';
import { scopeFromNumber, scopeNumber } from './types.ts';
import type { Scope } from './types.ts';

type NextHop = {
  readonly via?: Address;
  readonly linkIndex?: number;
  /** The gateway is on the link although no route says so (RTNH_F_ONLINK). */
  readonly onLink?: boolean;
};

export type Route = NextHop & {
  readonly destination: Prefix;
  /** The source address of packets that start on this machine (RTA_PREFSRC). */
  readonly source?: Address;
  readonly scope: Scope;
  /** Who made it: a number of rt_protos. */
  readonly protocol: number;
  readonly table: number;
  readonly type: 'unicast' | 'local' | 'blackhole' | 'unreachable' | 'other';
  /** Instead of via and linkIndex: each flow takes one of several ways. */
  readonly nextHops?: readonly NextHop[];
};

/** rt_protos: RTPROT_STATIC, and podnet's own number, by which its routes are told from everyone else's. */
export const PROTOCOL = { static: 4, podnet: 112 } as const;

export const MAIN_TABLE = 254;

const HEADER = 12;
const NEXT_HOP_HEADER = 8;
const RTA = { destination: 1, link: 4, gateway: 5, source: 7, multipath: 9, table: 15 } as const;
const RTNH_F_ONLINK = 4;
const TYPES = { unicast: 1, local: 2, blackhole: 6, unreachable: 7, other: 0 } as const;

export const encodeRoute = (route: Route): Uint8Array => {
  const { destination } = route;
  const header = new Uint8Array(HEADER);
  header[0] = familyNumber(destination.family);
  header[1] = destination.length;
  header[4] = route.table < 256 ? route.table : 0;
  header[5] = route.protocol;
  header[6] = scopeNumber(route.scope);
  header[7] = TYPES[route.type];
  viewOf(header).setUint32(8, route.onLink ? RTNH_F_ONLINK : 0, LITTLE_ENDIAN);
  return joinPayload(header, encodeAttributes(attributesOf(route)));
};

/** The payload that asks which route a packet to this address takes. */
export const encodeRouteQuery = (address: Address): Uint8Array => {
  const header = new Uint8Array(HEADER);
  header[0] = familyNumber(address.family);
  header[1] = bitsOf(address.family);
  return joinPayload(header, encodeAttributes([[RTA.destination, addressToBytes(address)]]));
};

const attributesOf = (route: Route): readonly (Attribute | undefined)[] => [
  route.destination.length > 0 ? [RTA.destination, addressToBytes(route.destination.address)] : undefined,
  ...nextHopAttributes(route),
  route.source && [RTA.source, addressToBytes(route.source)],
  route.nextHops && [RTA.multipath, encodeNextHops(route.nextHops)],
  [RTA.table, u32(route.table)],
];

const nextHopAttributes = ({ via, linkIndex }: NextHop): readonly (Attribute | undefined)[] => [
  via && [RTA.gateway, addressToBytes(via)],
  linkIndex === undefined ? undefined : [RTA.link, u32(linkIndex)],
];

const encodeNextHops = (hops: readonly NextHop[]): Uint8Array => {
  const parts = hops.map((hop) => {
    const attributes = encodeAttributes(nextHopAttributes(hop.via ? { via: hop.via } : {}));
    const bytes = joinPayload(new Uint8Array(NEXT_HOP_HEADER), attributes);
    const view = viewOf(bytes);
    view.setUint16(0, bytes.length, LITTLE_ENDIAN);
    view.setUint8(2, hop.onLink ? RTNH_F_ONLINK : 0);
    view.setInt32(4, hop.linkIndex ?? 0, LITTLE_ENDIAN);
    return bytes;
  });
  return new Uint8Array(parts.flatMap((part) => [...part]));
};

/** Undefined for a route of another family. */
export const decodeRoute = (payload: Uint8Array): Route | undefined => {
  const family = familyFromNumber(payload[0]!);
  if (!family) return undefined;
  const attributes = decodeAttributes(payload.subarray(HEADER));
  const bytes = attributes.get(RTA.destination) ?? new Uint8Array(bitsOf(family) / 8);
  const source = attributes.get(RTA.source);
  const multipath = attributes.get(RTA.multipath);
  return {
    destination: prefixOf(addressFromBytes(bytes), payload[1]!),
    ...decodeNextHop(attributes, viewOf(payload).getUint32(8, LITTLE_ENDIAN)),
    ...(source ? { source: addressFromBytes(source) } : {}),
    scope: scopeFromNumber(payload[6]!),
    protocol: payload[5]!,
    table: readU32(attributes.get(RTA.table)) ?? payload[4]!,
    type: typeFromNumber(payload[7]!),
    ...(multipath ? { nextHops: decodeNextHops(multipath) } : {}),
  };
};

const decodeNextHop = (attributes: ReadonlyMap<number, Uint8Array>, flags: number): NextHop => {
  const via = attributes.get(RTA.gateway);
  const linkIndex = readU32(attributes.get(RTA.link));
  return {
    ...(via ? { via: addressFromBytes(via) } : {}),
    ...(linkIndex === undefined ? {} : { linkIndex }),
    ...(flags & RTNH_F_ONLINK ? { onLink: true } : {}),
  };
};

const decodeNextHops = (bytes: Uint8Array): readonly NextHop[] => {
  const view = viewOf(bytes);
  const hops: NextHop[] = [];
  for (let offset = 0; offset + NEXT_HOP_HEADER <= bytes.length;) {
    const length = view.getUint16(offset, LITTLE_ENDIAN);
    if (length < NEXT_HOP_HEADER) break;
    const attributes = decodeAttributes(bytes.subarray(offset + NEXT_HOP_HEADER, offset + length));
    const hop = decodeNextHop(attributes, view.getUint8(offset + 2));
    hops.push({ ...hop, linkIndex: view.getInt32(offset + 4, LITTLE_ENDIAN) });
    offset += align4(length);
  }
  return hops;
};

const typeFromNumber = (value: number): Route['type'] =>
  (Object.keys(TYPES) as Route['type'][]).find((type) => TYPES[type] === value) ?? 'other';

/** In the words of `ip route`; interfaces by their index. */
export const formatRoute = (route: Route): string =>
  [
    ...(route.type === 'unicast' ? [] : [route.type]),
    route.destination.length === 0 ? 'default' : formatPrefix(route.destination),
    ...formatNextHop(route),
    ...(route.source ? ['src', formatAddress(route.source)] : []),
    ...(route.nextHops ?? []).flatMap((hop) => ['nexthop', ...formatNextHop(hop)]),
  ].join(' ');

const formatNextHop = ({ via, linkIndex, onLink }: NextHop): readonly string[] => [
  ...(via ? ['via', formatAddress(via)] : []),
  ...(linkIndex === undefined ? [] : ['dev', `if${linkIndex}`]),
  ...(onLink ? ['onlink'] : []),
];
