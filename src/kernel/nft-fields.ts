// The fields of keys and values, from nft's text to the kernel's bytes: concatenated ones are padded to 4 bytes each.
import { formatAddress, parseAddressBytes } from '../ip/address.ts';
import { nthAddress, parsePrefix } from '../ip/prefix.ts';
import { LITTLE_ENDIAN } from '../wire/netlink.ts';

/**
 * `mark`: any number of 32 bits in the machine's own order (marks, numbers of numgen). `handle`: the same, written as two
 * hexadecimal halves, `1:5` (a packet's priority).
 */
export type NftField = 'ipv4' | 'ipv6' | 'protocol' | 'port' | 'mark' | 'handle';

const SEPARATOR = ' . ';
const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132 };

const fieldBytes = (type: NftField): 4 | 16 => (type === 'ipv6' ? 16 : 4);

/** How many bytes the fields take together. */
export const fieldsBytes = (types: readonly NftField[]): number =>
  types.reduce((sum, type) => sum + fieldBytes(type), 0);

/** Writes `tcp . 10.96.0.10 . 80`, as many fields as there are types. Throws a TypeError for a text that is none. */
export const writeFields = (
  types: readonly NftField[],
  text: string,
  bytes: Uint8Array,
  offset: number,
): void => {
  writeAll(types, text, text.split(SEPARATOR), { bytes, isLittle: LITTLE_ENDIAN }, offset);
};

/**
 * The same, but a field may be a prefix or a range: the first and the last of what it stands for go to `first` and `last`.
 * Where keys are compared as greater and less, nft has all numbers in network order.
 */
export const writeInterval = (
  types: readonly NftField[],
  text: string,
  bytes: Uint8Array,
  { first, last }: { readonly first: number; readonly last: number },
): void => {
  const ends = text.split(SEPARATOR).map(intervalEnds);
  const target = { bytes, isLittle: false };
  const fields = (end: 0 | 1): readonly string[] => ends.map((each) => each[end]);
  writeAll(types, text, fields(0), target, first);
  writeAll(types, text, fields(1), target, last);
};

type Target = {
  readonly bytes: Uint8Array;
  /** The order of the bytes of marks and handles. */
  readonly isLittle: boolean;
};

const writeAll = (
  types: readonly NftField[],
  text: string,
  fields: readonly string[],
  target: Target,
  offset: number,
): void => {
  let at = offset;
  let isWell = fields.length === types.length;
  for (let index = 0; isWell && index < types.length; index++) {
    isWell = writeField(types[index]!, fields[index]!, target, at);
    at += fieldBytes(types[index]!);
  }
  if (!isWell) throw new TypeError(`nft element ${text}: not ${types.join(SEPARATOR)}`);
};

/** False for a text that is no such field. */
const writeField = (type: NftField, text: string, target: Target, offset: number): boolean => {
  const { bytes } = target;
  switch (type) {
    case 'ipv4':
    case 'ipv6': {
      const address = parseAddressBytes(text);
      if (address?.length !== fieldBytes(type)) return false;
      bytes.set(address, offset);
      return true;
    }
    case 'protocol': {
      const protocol = PROTOCOLS[text] ?? numberOf(text, 0xff);
      bytes[offset] = protocol;
      return protocol >= 0;
    }
    case 'port': {
      const port = numberOf(text, 0xffff);
      bytes[offset] = port >> 8;
      bytes[offset + 1] = port & 0xff;
      return port >= 0;
    }
    case 'mark':
      return writeNumber(numberOf(text, 0xffff_ffff), target, offset);
    case 'handle':
      return writeNumber(handleOf(text), target, offset);
  }
};

const writeNumber = (value: number, { bytes, isLittle }: Target, offset: number): boolean => {
  for (let index = 0; index < 4; index++)
    bytes[offset + (isLittle ? index : 3 - index)] = (value >>> (8 * index)) & 0xff;
  return value >= 0;
};

/** -1 for a text that is none. */
const handleOf = (text: string): number => {
  const [, major, minor] = /^([\da-f]{1,4}):([\da-f]{1,4})$/.exec(text) ?? [];
  return major === undefined ? -1 : Number.parseInt(major, 16) * 0x1_0000 + Number.parseInt(minor!, 16);
};

/** -1 for a text that is no number up to `max`. */
const numberOf = (text: string, max: number): number => {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  return value <= max ? value : -1;
};

/** The first and the last of what a prefix, a range or a single value stands for. */
export const intervalEnds = (text: string): readonly [string, string] => {
  const prefix = text.includes('/') ? parsePrefix(text) : undefined;
  if (prefix) return [formatAddress(prefix.address), formatAddress(nthAddress(prefix, -1))];
  const [first, last = first] = text.split('-') as [string, string?];
  return [first, last];
};
