// Elements of nftables' sets and maps, written by netlink: one request and one answer for a transaction, 20 us for one
// element. libnftables asks for all tables, chains and sets of the namespace before each (nft 1.0.6: 18 system calls).
import { NFT_ELEMENTS, elementsMax, encodeElements } from '../wire/nftables/elements.ts';
import type { ElementShape } from '../wire/nftables/elements.ts';
import type { NftFamily } from '../wire/nftables/families.ts';
import { NLM_F } from '../wire/netlink.ts';
import { NetlinkSocket } from './netlink-socket.ts';
import type { NetlinkRequest } from './netlink-socket.ts';
import { fieldsBytes, writeFields, writeInterval } from './nft-fields.ts';
import type { NftField } from './nft-fields.ts';

export type NftSet = {
  readonly family: NftFamily;
  readonly table: string;
  readonly name: string;
  readonly key: readonly NftField[];
  /** Of a map. */
  readonly value?: readonly NftField[];
  /** Its keys may hold a prefix or a range. It has more than one field: the kernel keeps others as two elements. */
  readonly isInterval?: boolean;
};

export type NftElementChange = {
  readonly verb: 'add' | 'delete';
  readonly set: NftSet;
  /** As nft writes it: `tcp . 10.96.0.10 . 80`, and for a map's element to add ` : 7` after it. */
  readonly element: string;
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

const requestsOf = (changes: readonly NftElementChange[]): readonly NetlinkRequest[] =>
  (['delete', 'add'] as const).flatMap((verb) => {
    const own = changes.filter((change) => change.verb === verb);
    return [...Map.groupBy(own, ({ set }) => set)].flatMap(([set, group]) => messages(verb, set, group));
  });

const messages = (
  verb: NftElementChange['verb'],
  set: NftSet,
  changes: readonly NftElementChange[],
): readonly NetlinkRequest[] => {
  const shape = shapeOf(verb, set);
  const most = elementsMax(shape);
  return Array.from({ length: Math.ceil(changes.length / most) }, (_, index) => ({
    what: `nft: ${verb} element ${set.family} ${set.table} ${set.name}`,
    type: NFT_ELEMENTS[verb],
    flags: verb === 'add' ? NLM_F.create : 0,
    payload: payloadOf(set, shape, changes.slice(index * most, (index + 1) * most)),
  }));
};

const shapeOf = (
  verb: NftElementChange['verb'],
  { key, value, isInterval = false }: NftSet,
): ElementShape => ({
  keyBytes: fieldsBytes(key),
  isInterval,
  valueBytes: verb === 'add' && value ? fieldsBytes(value) : undefined,
});

const payloadOf = (set: NftSet, shape: ElementShape, changes: readonly NftElementChange[]): Uint8Array =>
  encodeElements({ ...set, set: set.name }, shape, changes.length, (bytes, index, at) => {
    const [key, value] = changes[index]!.element.split(' : ') as [string, string?];
    if (set.isInterval) writeInterval(set.key, key, bytes, { first: at.key, last: at.keyEnd });
    else writeFields(set.key, key, bytes, at.key);
    if (value !== undefined) writeFields(set.value ?? [], value, bytes, at.value);
  });
