// What the compiler makes: elements of the maps of the table `inet podnet-policies`, each part in the words in which nft
// 1.0.6 takes and lists it (decision 0019). The layout of the maps and chains is the room kernel/'s.
import { bitsOf, formatAddress } from '../../ip/address.ts';
import type { Family } from '../../ip/address.ts';
import type { Direction } from '../model/rules.ts';
import type { Protocol } from '../model/world.ts';

export const MAPS = [
  'egress4', //   a pod of this node: its address -> the number of its class
  'egress6',
  'ingress4',
  'ingress6',
  'peers4', //    an exact address: of a pod, of a node -> peer id
  'peers6',
  'networks4', // disjoint intervals of addresses -> peer id
  'networks6',
  'resolved4', // an address of a domain name, with a timeout -> peer id
  'resolved6',
  'rows', //      class . peer id -> table; a peer without a row has the class's own table, of the same number
  'ports', //     table . protocol . port -> 0 if allowed, else the table
  'ranges', //    table . protocol . ports, disjoint -> the same
  'others', //    table -> 0 if all other ports and protocols are allowed; absent if denied
] as const;

export type MapName = (typeof MAPS)[number];

/** Keys and values by map, as texts. A map without elements is there and empty. */
export type Elements = ReadonlyMap<MapName, ReadonlyMap<string, string>>;

/** The time, in ms as of Date.now, is that until which an element of `resolved4` and `resolved6` is to stay. */
export type AddedElement = readonly [map: MapName, key: string, value: string, untilMs?: number];

export type RemovedElement = readonly [map: MapName, key: string];

/** One transaction: everything is removed first. An element with a new value, or a new time, is removed and added. */
export type ElementChanges = {
  readonly add: readonly AddedElement[];
  readonly remove: readonly RemovedElement[];
};

/** The class of a pod whose policies are not known yet: it has no elements, so that everything is denied. */
export const PENDING = 1;

/** The map of this family for what stands in `egress4` and `egress6`, and so on. */
export const mapOf = <Name extends Direction | 'peers' | 'networks' | 'resolved'>(
  name: Name,
  family: Family,
): `${Name}${Family}` => `${name}${family}`;

/** A class, a table or a verdict: a packet's mark. */
export const markText = (number: number): string => `${number}`;

/** A peer id is a packet's priority, which nft writes as the handle of a traffic class: 65541 is `1:5`. */
export const peerText = (id: number): string => `${(id >>> 16).toString(16)}:${(id & 0xffff).toString(16)}`;

/** The number that `peerText` wrote. */
export const peerOf = (text: string): number => {
  const [major, minor] = text.split(':').map((part) => Number.parseInt(part, 16));
  return major! * 0x1_0000 + minor!;
};

/** A key of `rows`. */
export const rowKey = (classNumber: number, peer: string): string => `${classNumber} . ${peer}`;

/** A key of `ports`. */
export const portKey = (table: number, protocol: Protocol, port: number): string =>
  `${table} . ${protocol.toLowerCase()} . ${port}`;

/** A key of `ranges`, both ends belong to it. Port 0 is no port to a policy, but it is one to a packet. */
export const rangeKey = (table: number, protocol: Protocol, from: number, to: number): string =>
  `${table} . ${protocol.toLowerCase()} . ${from}-${to}`;

/** A key of `networks4` or `networks6`, both ends belong to it: a prefix wherever it is one, as nft lists it. */
export const intervalKey = (family: Family, first: bigint, last: bigint): string => {
  const text = (value: bigint): string => formatAddress({ family, value });
  if (first === last) return text(first);
  const size = last - first + 1n;
  const isPrefix = (size & (size - 1n)) === 0n && first % size === 0n;
  return isPrefix
    ? `${text(first)}/${bitsOf(family) - (size.toString(2).length - 1)}`
    : `${text(first)}-${text(last)}`;
};
