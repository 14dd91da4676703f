// Elements of nftables' sets and maps, written by netlink: one request and one answer for a transaction, 20 us for one
// element. libnftables asks for all tables, chains and sets of the namespace before each (nft 1.0.6: 18 system calls).
import { NFT_ELEMENTS, elementsMax, encodeElements } from '../wire/nftables/elements.ts';
import type { ElementOffsets, ElementShape } from '../wire/nftables/elements.ts';
import type { NftFamily } from '../wire/nftables/families.ts';
import { NLM_F, viewOf } from '../wire/netlink.ts';
import { NetlinkSocket } from './netlink-socket.ts';
import type { NetlinkRequest } from './netlink-socket.ts';
import { fieldsBytes, intervalEnds, writeFields, writeInterval } from './nft-fields.ts';
import type { NftField } from './nft-fields.ts';

export type NftSet = {
  readonly family: NftFamily;
  readonly table: string;
  readonly name: string;
  readonly key: readonly NftField[];
  /** Of a map. */
  readonly value?: readonly NftField[];
  /** Its keys may hold a prefix or a range. */
  readonly isInterval?: boolean;
  /** Its elements end by themselves. */
  readonly isTimed?: boolean;
};

export type NftElementChange = {
  /** `ensure` adds what may be there already, so that it can be deleted: elements with a timeout go by themselves. */
  readonly verb: 'ensure' | 'delete' | 'add';
  readonly set: NftSet;
  /** As nft writes it: `tcp . 10.96.0.10 . 80`, and for a map's element to add ` : 7` after it. */
  readonly element: string;
  /** Of an element to add to a timed set: in how long the kernel removes it. */
  readonly timeoutMs?: number;
};

export type NftElementWriter = {
  readonly change: (changes: readonly NftElementChange[]) => void;
  readonly close: () => void;
};

const NFNL_SUBSYS_NFTABLES = 10;

export const openNftElements = (): NftElementWriter => {
  const socket = new NetlinkSocket('netfilter');
  return {
    change: (changes) => {
      if (changes.length > 0) socket.transact(NFNL_SUBSYS_NFTABLES, requestsOf(changes));
    },
    close: () => socket.close(),
  };
};

type Verb = NftElementChange['verb'];
const VERBS = ['ensure', 'delete', 'add'] as const satisfies readonly Verb[];

const requestsOf = (changes: readonly NftElementChange[]): readonly NetlinkRequest[] =>
  VERBS.flatMap((verb) => {
    const own = changes.filter((change) => change.verb === verb);
    return [...Map.groupBy(own, ({ set }) => set)].flatMap(([set, group]) =>
      payloadsOf(verb, set, group).map((payload) => ({
        what: `nft: ${verb} element ${set.family} ${set.table} ${set.name}`,
        type: verb === 'delete' ? NFT_ELEMENTS.delete : NFT_ELEMENTS.add,
        flags: verb === 'delete' ? 0 : NLM_F.create,
        payload,
      })),
    );
  });

const payloadsOf = (verb: Verb, set: NftSet, changes: readonly NftElementChange[]): readonly Uint8Array[] => {
  if (set.isInterval && set.key.length === 1)
    return changes.flatMap((change) => intervalPayloads(verb, set, change));
  const shape: ElementShape = {
    keyBytes: fieldsBytes(set.key),
    hasKeyEnd: set.isInterval ?? false,
    valueBytes: valueBytes(verb, set),
    hasTimeout: verb !== 'delete' && (set.isTimed ?? false),
  };
  const most = elementsMax(shape);
  return Array.from({ length: Math.ceil(changes.length / most) }, (_, index) => {
    const part = changes.slice(index * most, (index + 1) * most);
    return encodeElements({ ...set, set: set.name }, shape, part.length, (bytes, at, offsets) =>
      writeElement(set, part[at]!, bytes, offsets),
    );
  });
};

const writeElement = (
  set: NftSet,
  { element, timeoutMs }: NftElementChange,
  bytes: Uint8Array,
  at: ElementOffsets,
): void => {
  const [key, value] = partsOf(element);
  if (set.isInterval) writeInterval(set.key, key, bytes, { first: at.key, last: at.keyEnd });
  else writeFields(set.key, key, bytes, at.key);
  if (value !== undefined) writeFields(set.value ?? [], value, bytes, at.value);
  if (timeoutMs !== undefined && set.isTimed) viewOf(bytes).setBigUint64(at.timeout, BigInt(timeoutMs));
};

/**
 * An interval of a single field is two elements for the kernel: where it begins, with the value, and where it does not go on,
 * unless it ends with the last key of all. The one follows the other, or the kernel takes two beginnings for an overlap.
 */
const intervalPayloads = (verb: Verb, set: NftSet, { element }: NftElementChange): readonly Uint8Array[] => {
  const [key, value] = partsOf(element);
  const [first, last] = intervalEnds(key);
  const target = { ...set, set: set.name };
  const keyBytes = fieldsBytes(set.key);
  const start = encodeElements(target, { keyBytes, valueBytes: valueBytes(verb, set) }, 1, (bytes, _, at) => {
    writeFields(set.key, first, bytes, at.key);
    if (value !== undefined) writeFields(set.value ?? [], value, bytes, at.value);
  });
  const after = new Uint8Array(keyBytes);
  writeFields(set.key, last, after, 0);
  if (!increment(after)) return [start];
  return [
    start,
    encodeElements(target, { keyBytes, isEnd: true }, 1, (bytes, _, at) => bytes.set(after, at.key)),
  ];
};

/** The next number in network order; false after the last. */
const increment = (bytes: Uint8Array): boolean => {
  for (let at = bytes.length - 1; at >= 0; at--) {
    bytes[at] = (bytes[at]! + 1) & 0xff;
    if (bytes[at] !== 0) return true;
  }
  return false;
};

const partsOf = (element: string): [key: string, value?: string] => element.split(' : ') as [string, string?];

const valueBytes = (verb: Verb, { value }: NftSet): number | undefined =>
  verb !== 'delete' && value ? fieldsBytes(value) : undefined;
