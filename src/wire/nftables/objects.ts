// What of nf_tables is not said through libnftables (linux/netfilter/nf_tables.h): libnftables reads every element of
// every set before it lists tables or rules, seconds where there are a hundred thousand. The generation of the ruleset
// is what the kernel counts up with each transaction that changes something.
import {
  decodeAttributeList,
  decodeAttributes,
  encodeAttributes,
  joinPayload,
  readText,
  text,
  viewOf,
} from '../netlink.ts';
import type { Attribute } from '../netlink.ts';
import { familyHeader } from './families.ts';
import type { NftFamily } from './families.ts';

/** Messages; subsystem 10 (NFNL_SUBSYS_NFTABLES) is in the upper byte. */
export const NFT_GET = {
  table: 0xa01,
  chain: 0xa04,
  rule: 0xa07,
  set: 0xa0a,
  generation: 0xa10,
  object: 0xa13,
} as const;

const GENERATION_ID = 1;
const HEADER = 4;

/** In network byte order. */
export const decodeGeneration = (payload: Uint8Array): number | undefined => {
  const id = decodeAttributes(payload.subarray(HEADER)).get(GENERATION_ID);
  return id && viewOf(id).getUint32(0);
};

const OBJECT = { table: 1, name: 2, type: 3, data: 4 } as const;
const COUNTER_TYPE = Uint8Array.of(0, 0, 0, 1); // NFT_OBJECT_COUNTER
const COUNTER_PACKETS = 2;

/** Asks for a counter that has a name. */
export const encodeCounterQuery = (family: NftFamily, table: string, name: string): Uint8Array =>
  joinPayload(
    familyHeader(family),
    encodeAttributes([
      [OBJECT.table, text(table)],
      [OBJECT.name, text(name)],
      [OBJECT.type, COUNTER_TYPE],
    ]),
  );

/** Packets; 64 bits in network byte order. */
export const decodeCounter = (payload: Uint8Array): number => {
  const data = decodeAttributes(payload.subarray(HEADER)).get(OBJECT.data) ?? new Uint8Array();
  const packets = decodeAttributes(data).get(COUNTER_PACKETS);
  return packets ? Number(viewOf(packets).getBigUint64(0)) : 0;
};

/** NFTA_TABLE_NAME, NFTA_CHAIN_TABLE, NFTA_RULE_TABLE and NFTA_SET_TABLE are all the first. */
export const decodeTableName = (payload: Uint8Array): string =>
  readText(decodeAttributes(payload.subarray(HEADER)).get(1)) ?? '';

/**
 * What makes a chain, rule or set what it is, apart from what packets and elements change of it: counters, and how many
 * elements or references there are.
 */
const LASTING = {
  chain: [2, 3, 4, 5, 7], // handle, name, hook, policy, type
  rule: [2, 3, 4], //        chain, handle, expressions
  set: [2, 3, 4, 5, 6, 7], // name, flags, types and lengths of key and data
} as const;

const RULE_EXPRESSIONS = 4;
const EXPRESSION_NAME = 1;

/** One line of text, equal as long as the object is the same. */
export const decodeLasting = (kind: keyof typeof LASTING, payload: Uint8Array): string => {
  const attributes = decodeAttributes(payload.subarray(HEADER));
  const parts = LASTING[kind].map((type) => {
    const value = attributes.get(type);
    return kind === 'rule' && type === RULE_EXPRESSIONS ? expressionsText(value) : hexOf(value);
  });
  return `${kind} ${parts.join(' ')}`;
};

const expressionsText = (value: Uint8Array | undefined): string =>
  decodeAttributeList(value ?? new Uint8Array())
    .map(([, expression]: Attribute) => {
      const name = readText(decodeAttributes(expression).get(EXPRESSION_NAME));
      return name === 'counter' ? name : hexOf(expression);
    })
    .join(',');

const hexOf = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString('hex');
