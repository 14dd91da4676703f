// What the kernel does with the first packet of a connection, over the elements alone, step by step as the chains of the
// table do it: an imaginary packet for tests.
import { familyOf, parseAddress } from '../../ip/address.ts';
import type { Address, Family } from '../../ip/address.ts';
import { nthAddress, parseInterfaceAddress, prefixOf } from '../../ip/prefix.ts';
import type { Direction } from '../model/rules.ts';
import { mapOf, markText, rowKey } from './elements.ts';
import type { Elements, MapName } from './elements.ts';

export type Packet = {
  /** Canonical texts of one family. */
  readonly source: string;
  readonly destination: string;
  /** As in the keys: `tcp`, `icmp`. */
  readonly protocol: string;
  /** Of the destination. */
  readonly port: number;
};

export type Walked = {
  readonly isAllowed: boolean;
  /** The packet's mark where it was denied: who has it, see `tableOf`. */
  readonly mark: number;
};

export type Walk = (packet: Packet, direction: Direction) => Walked;

const ALLOWED: Walked = { isAllowed: true, mark: 0 };

/** The elements must not change meanwhile. */
export const createWalk = (elements: Elements): Walk => {
  const lookUp = (map: MapName, key: string): string | undefined => elements.get(map)!.get(key);
  const networks = { 4: intervalsOf(elements, 4), 6: intervalsOf(elements, 6) };
  const ranges = rangesOf(elements);

  const peerOf = (address: string, family: Family, direction: Direction): string | undefined => {
    const { value } = parseAddress(address)!;
    const network = networks[family].find(({ first, last }) => first <= value && value <= last);
    const exact = lookUp(mapOf('peers', family), address) ?? network?.peer;
    return direction === 'egress' ? (lookUp(mapOf('resolved', family), address) ?? exact) : exact;
  };

  return ({ source, destination, protocol, port }, direction) => {
    const [subject, peer] = direction === 'egress' ? [source, destination] : [destination, source];
    const family = familyOf(subject)!;
    const podClass = lookUp(mapOf(direction, family), subject);
    if (podClass === undefined) return ALLOWED;
    const id = peerOf(peer, family, direction);
    const table = (id && lookUp('rows', rowKey(Number(podClass), id))) ?? podClass;
    const verdict =
      lookUp('ports', `${table} . ${protocol} . ${port}`) ??
      ranges.get(`${table} . ${protocol}`)?.find(({ from, to }) => from <= port && port <= to)?.verdict ??
      lookUp('others', table) ??
      table;
    return verdict === markText(0) ? ALLOWED : { isAllowed: false, mark: Number(verdict) };
  };
};

type NetworkInterval = { readonly first: bigint; readonly last: bigint; readonly peer: string };

const intervalsOf = (elements: Elements, family: Family): readonly NetworkInterval[] =>
  [...elements.get(mapOf('networks', family))!].map(([key, peer]) => {
    const [first, last] = boundsOf(key);
    return { first: first.value, last: last.value, peer };
  });

const boundsOf = (key: string): readonly [Address, Address] => {
  const network = parseInterfaceAddress(key);
  if (network) return [network.address, nthAddress(prefixOf(network.address, network.length), -1)];
  const [first, last = first] = key.split('-');
  return [parseAddress(first!)!, parseAddress(last!)!];
};

type PortRange = { readonly from: number; readonly to: number; readonly verdict: string };

/** By table and protocol. */
const rangesOf = (elements: Elements): ReadonlyMap<string, readonly PortRange[]> => {
  const ranges = new Map<string, PortRange[]>();
  for (const [key, verdict] of elements.get('ranges')!) {
    const [, front, from, to] = /^(.* \. .*) \. (\d+)-(\d+)$/.exec(key)!;
    const known = ranges.get(front!) ?? [];
    ranges.set(front!, [...known, { from: Number(from), to: Number(to), verdict }]);
  }
  return ranges;
};
