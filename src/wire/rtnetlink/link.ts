// RTM_*LINK: network interfaces (linux/if_link.h).
//
//   struct ifinfomsg   0        1     2      4       8       12       16
//                      | family | pad | type | index | flags | change |
import {
  LITTLE_ENDIAN,
  decodeAttributes,
  encodeAttributes,
  joinPayload,
  readText,
  readU32,
  readU8,
  text,
  u32,
  u8,
  viewOf,
} from '../netlink.ts';
import type { Attribute } from '../netlink.ts';
import { AF_INET6 } from '../family.ts';
import { macFromBytes, macToBytes } from '../mac.ts';

/** What a request says about an interface, and what the kernel tells of one. Left out: not said, or not there. */
export type Link = {
  readonly index?: number;
  readonly name?: string;
  /** IFF_UP; a request that leaves it out does not change it. */
  readonly up?: boolean;
  readonly mtuBytes?: number;
  readonly mac?: string;
  /** The index of the bridge that this is a port of. */
  readonly masterIndex?: number;
  /** A veth's other end, as an index in that end's namespace. Only told, never asked for. */
  readonly peerIndex?: number;
  /** `ip link` shows it in its own line: up to 255 characters for people. */
  readonly alias?: string;
  /** Links of one group can be deleted in one request. 0 is everyone's. */
  readonly group?: number;
  /** Only asked for: an open descriptor of the namespace that the interface is to be in. */
  readonly netnsFd?: number;
  /** Whether the kernel gives a link-local IPv6 address by itself (IN6_ADDR_GEN_MODE_*). */
  readonly linkLocal?: 'eui64' | 'none';
  readonly info?: LinkInfo;
};

type LinkInfo =
  | { readonly kind: 'bridge'; readonly multicastSnooping: boolean }
  | { readonly kind: 'veth'; readonly peer?: Link }
  | { readonly kind: 'other'; readonly name: string };

const HEADER = 16;
const IFF_UP = 1;
const IFLA = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  master: 10,
  info: 18,
  alias: 20,
  afSpec: 26,
  group: 27,
  netnsFd: 28,
} as const;
const IFLA_INFO = { kind: 1, data: 2 } as const;
const IFLA_BR_MCAST_SNOOPING = 23;
const VETH_INFO_PEER = 1;
const IFLA_INET6_ADDR_GEN_MODE = 8;
const GEN_MODES = ['eui64', 'none'] as const;

export const encodeLink = (link: Link): Uint8Array => {
  const header = new Uint8Array(HEADER);
  const view = viewOf(header);
  view.setInt32(4, link.index ?? 0, LITTLE_ENDIAN);
  if (link.up !== undefined) {
    view.setUint32(8, link.up ? IFF_UP : 0, LITTLE_ENDIAN);
    view.setUint32(12, IFF_UP, LITTLE_ENDIAN);
  }
  return joinPayload(header, encodeAttributes(attributesOf(link)));
};

const attributesOf = (link: Link): readonly (Attribute | undefined)[] => [
  optional(IFLA.name, link.name, text),
  optional(IFLA.address, link.mac, macToBytes),
  optional(IFLA.mtu, link.mtuBytes, u32),
  optional(IFLA.master, link.masterIndex, u32),
  optional(IFLA.link, link.peerIndex, u32),
  optional(IFLA.alias, link.alias, text),
  optional(IFLA.group, link.group, u32),
  optional(IFLA.netnsFd, link.netnsFd, u32),
  optional(IFLA.afSpec, link.linkLocal, encodeAfSpec),
  optional(IFLA.info, link.info, encodeInfo),
];

const optional = <T>(
  type: number,
  value: T | undefined,
  encode: (value: T) => Uint8Array,
): Attribute | undefined => (value === undefined ? undefined : [type, encode(value)]);

const encodeAfSpec = (mode: 'eui64' | 'none'): Uint8Array =>
  encodeAttributes([[AF_INET6, encodeAttributes([[IFLA_INET6_ADDR_GEN_MODE, u8(GEN_MODES.indexOf(mode))]])]]);

const encodeInfo = (info: LinkInfo): Uint8Array => {
  const data = encodeInfoData(info);
  return encodeAttributes([
    [IFLA_INFO.kind, text(info.kind === 'other' ? info.name : info.kind)],
    data && [IFLA_INFO.data, data],
  ]);
};

const encodeInfoData = (info: LinkInfo): Uint8Array | undefined => {
  if (info.kind === 'bridge')
    return encodeAttributes([[IFLA_BR_MCAST_SNOOPING, u8(Number(info.multicastSnooping))]]);
  if (info.kind === 'veth' && info.peer) return encodeAttributes([[VETH_INFO_PEER, encodeLink(info.peer)]]);
  return undefined;
};

export const decodeLink = (payload: Uint8Array): Link => {
  const view = viewOf(payload);
  const attributes = decodeAttributes(payload.subarray(HEADER));
  const info = attributes.get(IFLA.info);
  return withoutUndefined({
    index: view.getInt32(4, LITTLE_ENDIAN) || undefined,
    name: readText(attributes.get(IFLA.name)),
    up: (view.getUint32(8, LITTLE_ENDIAN) & IFF_UP) !== 0,
    mtuBytes: readU32(attributes.get(IFLA.mtu)),
    mac: decodeMac(attributes.get(IFLA.address)),
    masterIndex: readU32(attributes.get(IFLA.master)),
    peerIndex: readU32(attributes.get(IFLA.link)),
    alias: readText(attributes.get(IFLA.alias)),
    group: readU32(attributes.get(IFLA.group)),
    netnsFd: readU32(attributes.get(IFLA.netnsFd)),
    linkLocal: decodeAfSpec(attributes.get(IFLA.afSpec)),
    info: info && decodeInfo(info),
  });
};

/** What the decoder did not find is absent, not undefined: encode(decode(x)) says no more than x. */
const withoutUndefined = (link: { readonly [K in keyof Link]: Link[K] | undefined }): Link =>
  Object.fromEntries(Object.entries(link).filter(([, value]) => value !== undefined)) as Link;

const decodeMac = (value: Uint8Array | undefined): string | undefined =>
  value?.length === 6 ? macFromBytes(value) : undefined;

const decodeAfSpec = (value: Uint8Array | undefined): 'eui64' | 'none' | undefined => {
  const inet6 = value && decodeAttributes(value).get(AF_INET6);
  const mode = inet6 && readU8(decodeAttributes(inet6).get(IFLA_INET6_ADDR_GEN_MODE));
  return mode === undefined ? undefined : GEN_MODES[mode];
};

const decodeInfo = (value: Uint8Array): LinkInfo | undefined => {
  const attributes = decodeAttributes(value);
  const kind = readText(attributes.get(IFLA_INFO.kind));
  const data = decodeAttributes(attributes.get(IFLA_INFO.data) ?? new Uint8Array());
  if (kind === undefined) return undefined;
  if (kind === 'bridge') return { kind, multicastSnooping: readU8(data.get(IFLA_BR_MCAST_SNOOPING)) === 1 };
  if (kind !== 'veth') return { kind: 'other', name: kind };
  const peer = data.get(VETH_INFO_PEER);
  return peer ? { kind, peer: decodeLink(peer) } : { kind };
};
