// Elements of nftables' sets and maps, put in and taken out (linux/netfilter/nf_tables.h, NFTA_SET_ELEM_LIST_*):
//
//   nfgenmsg | table | set | elements: | element: key, end of the key's interval, value | element ...
//
// All elements of a message are of one shape, so they are copies of one, in which keys and values are filled in.
import { align4, encodeAttributes, joinPayload, text } from '../netlink.ts';
import type { Attribute } from '../netlink.ts';
import { familyHeader } from './families.ts';
import type { NftFamily } from './families.ts';

/** Messages; subsystem 10 (NFNL_SUBSYS_NFTABLES) is in the upper byte. */
export const NFT_ELEMENTS = { add: 0xa0c, delete: 0xa0e } as const;

/** Bytes of an element's parts; fields one after the other, each padded to 4 bytes. */
export type ElementShape = {
  readonly keyBytes: number;
  /** Keys are intervals of concatenated fields: a first and a last key. */
  readonly hasKeyEnd?: boolean;
  /** Of a map's element to add. */
  readonly valueBytes?: number | undefined;
  readonly hasTimeout?: boolean;
  /** The element is where an interval of a single field ends: the first key after it. */
  readonly isEnd?: boolean;
};

/** Writes the parts of the element with this index at their offsets. */
export type FillElement = (bytes: Uint8Array, index: number, at: ElementOffsets) => void;

/** Those of parts that the shape does not have mean nothing. The timeout is 64 bits of milliseconds in network order. */
export type ElementOffsets = {
  readonly key: number;
  readonly keyEnd: number;
  readonly value: number;
  readonly timeout: number;
};

const LIST = { table: 1, set: 2, elements: 3 } as const;
const LIST_ELEMENT = 1;
const ELEMENT = { key: 1, data: 2, flags: 3, timeout: 4, keyEnd: 10 } as const;
const FLAG_INTERVAL_END = Uint8Array.of(0, 0, 0, 1);
const TIMEOUT_BYTES = 8;
const DATA_VALUE = 1;
const NESTED = 0x8000;
const ATTRIBUTE_HEADER = 4;
/** An attribute's length has 16 bits; the list of elements is one. */
const LIST_BYTES_MAX = 0xffff - ATTRIBUTE_HEADER;

/** How many elements of the shape a message can hold. */
export const elementsMax = (shape: ElementShape): number =>
  Math.floor(LIST_BYTES_MAX / elementOf(shape).length);

/** The payload of a message that adds or deletes `count` elements, at most `elementsMax`. */
export const encodeElements = (
  { family, table, set }: { readonly family: NftFamily; readonly table: string; readonly set: string },
  shape: ElementShape,
  count: number,
  fill: FillElement,
): Uint8Array => {
  const element = elementOf(shape);
  const elements = new Uint8Array(element.length * count);
  const key = 3 * ATTRIBUTE_HEADER;
  const keyEnd = key + shape.keyBytes + 2 * ATTRIBUTE_HEADER;
  const value = shape.hasKeyEnd ? keyEnd + shape.keyBytes + 2 * ATTRIBUTE_HEADER : keyEnd;
  const timeout = element.length - TIMEOUT_BYTES;
  for (let index = 0; index < count; index++) {
    const start = index * element.length;
    elements.set(element, start);
    fill(elements, index, {
      key: start + key,
      keyEnd: start + keyEnd,
      value: start + value,
      timeout: start + timeout,
    });
  }
  const list = encodeAttributes([
    [LIST.table, text(table)],
    [LIST.set, text(set)],
    [LIST.elements | NESTED, elements],
  ]);
  return joinPayload(familyHeader(family), list);
};

/** An element with zeros in all its parts. */
const elementOf = ({ keyBytes, hasKeyEnd, valueBytes, hasTimeout, isEnd }: ElementShape): Uint8Array =>
  encodeAttributes([
    [
      LIST_ELEMENT | NESTED,
      encodeAttributes([
        data(ELEMENT.key, keyBytes),
        hasKeyEnd ? data(ELEMENT.keyEnd, keyBytes) : undefined,
        valueBytes === undefined ? undefined : data(ELEMENT.data, valueBytes),
        isEnd ? [ELEMENT.flags, FLAG_INTERVAL_END] : undefined,
        hasTimeout ? [ELEMENT.timeout, new Uint8Array(TIMEOUT_BYTES)] : undefined,
      ]),
    ],
  ]);

const data = (type: number, bytes: number): Attribute => [
  type | NESTED,
  encodeAttributes([[DATA_VALUE, new Uint8Array(align4(bytes))]]),
];
