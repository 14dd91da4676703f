// The fields of keys and values, from nft's text to the kernel's bytes: concatenated ones are padded to 4 bytes each.
import { formatAddress, parseAddressBytes } from '../ip/address.ts';
import { nthAddress, parsePrefix } from '../ip/prefix.ts';
import { LITTLE_ENDIAN } from '../wire/netlink.ts';

/**
 * Of 32 bits in the machine's own order: `mark`, a number (marks, numbers of numgen), and `priority`, `1:5` in hex. In the
 * keys of intervals nft has them in network order, and turns those of packets before it looks them up.
 */
export type NftField = 'ipv4' | 'ipv6' | 'protocol' | 'port' | 'mark' | 'priority';

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
  writeAll(types, text, text.split(SEPARATOR), { bytes, offset, littleEndian: LITTLE_ENDIAN });
};

/** The same, but a field may be a prefix or a range: the first and the last of what it stands for go to `first` and `last`. */
export const writeInterval = (
  types: readonly NftField[],
  text: string,
  bytes: Uint8Array,
  { first, last }: { readonly first: number; readonly last: number },
): void => {
  const ends = text.split(SEPARATOR).map(endsOf);
  writeAll(
    types,
    text,
    ends.map(([start]) => start),
    { bytes, offset: first, littleEndian: false },
  );
  writeAll(
    types,
    text,
    ends.map(([, end]) => end),
    { bytes, offset: last, littleEndian: false },
  );
};

type Place = { readonly bytes: Uint8Array; readonly offset: number; readonly littleEndian: boolean };

const writeAll = (
  types: readonly NftField[],
  text: string,
  fields: readonly string[],
  { bytes, offset, littleEndian }: Place,
): void => {
  let at = offset;
  let isWell = fields.length === types.length;
  for (let index = 0; isWell && index < types.length; index++) {
    isWell = writeField(types[index]!, fields[index]!, { bytes, offset: at, littleEndian });
    at += fieldBytes(types[index]!);
  }
  if (!isWell) throw new TypeError(`nft element ${text}: not ${types.join(SEPARATOR)}`);
};

/** False for a text that is no such field. */
const writeField = (type: NftField, text: string, place: Place): boolean => {
  const { bytes, offset } = place;
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
      return writeNumber(numberOf(text, 0xffff_ffff), place);
    case 'priority':
      return writeNumber(priorityOf(text), place);
  }
};

const writeNumber = (number: number, { bytes, offset, littleEndian }: Place): boolean => {
  for (let index = 0; index < 4; index++)
    bytes[offset + (littleEndian ? index : 3 - index)] = (number >>> (8 * index)) & 0xff;
  return number >= 0;
};

/** The handle of a traffic class, as nft writes the priority of packets; -1 for a text that is none. */
const priorityOf = (text: string): number => {
  const [, major, minor] = /^([\da-f]{1,4}):([\da-f]{1,4})$/.exec(text) ?? [];
  return major && minor ? Number.parseInt(major, 16) * 0x1_0000 + Number.parseInt(minor, 16) : -1;
};

/** -1 for a text that is no number up to `max`. */
const numberOf = (text: string, max: number): number => {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  return value <= max ? value : -1;
};

const endsOf = (text: string): readonly [string, string] => {
  const prefix = text.includes('/') ? parsePrefix(text) : undefined;
  if (prefix) return [formatAddress(prefix.address), formatAddress(nthAddress(prefix, -1))];
  const [first, last = first] = text.split('-') as [string, string?];
  return [first, last];
};
