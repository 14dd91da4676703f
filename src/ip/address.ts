// IPv4 and IPv6 addresses as text, bytes and numbers. One type for both families: a family and a number.

export type Family = 4 | 6;

export const FAMILIES: readonly Family[] = [4, 6];

export type Address = {
  readonly family: Family;
  /** The address as one number, most significant bit first: 32 bits for IPv4, 128 for IPv6. */
  readonly value: bigint;
};

/** Bits of an address: 32 or 128. */
export const bitsOf = (family: Family): 32 | 128 => (family === 4 ? 32 : 128);

/** Parses strictly: four decimal parts without leading zeros, or RFC 4291 2.2 without a zone; undefined if it is neither. */
export const parseAddress = (text: string): Address | undefined => {
  const family: Family = text.includes(':') ? 6 : 4;
  const groups = family === 6 ? parseIpv6(text) : parseIpv4(text);
  return groups && { family, value: join(groups, family === 6 ? 16n : 8n) };
};

/** The canonical text: dotted decimal, or RFC 5952 (lower case, longest run of zeros shortened). */
export const formatAddress = ({ family, value }: Address): string =>
  family === 4 ? formatIpv4(Number(value)) : formatIpv6(split(value, 8, 16n));

/** The family of an address's text, undefined if the text is no address. */
export const familyOf = (text: string): Family | undefined => parseAddress(text)?.family;

/** 4 or 16 bytes in network order. */
export const addressToBytes = ({ family, value }: Address): Uint8Array =>
  Uint8Array.from(split(value, bitsOf(family) / 8, 8n));

/** The bytes of an address's text, in network order; undefined if the text is no address. */
export const parseAddressBytes = (text: string): Uint8Array | undefined => {
  if (!text.includes(':')) {
    const parts = parseIpv4(text);
    return parts && Uint8Array.from(parts);
  }
  const groups = parseIpv6(text);
  return (
    groups && Uint8Array.from({ length: 16 }, (_, i) => (groups[i >> 1]! >> (i % 2 === 0 ? 8 : 0)) & 0xff)
  );
};

/** The address in 4 or 16 bytes in network order; throws RangeError for any other length. */
export const addressFromBytes = (bytes: Uint8Array): Address => {
  if (bytes.length !== 4 && bytes.length !== 16) {
    throw new RangeError(`an address has 4 or 16 bytes, not ${bytes.length}`);
  }
  return { family: bytes.length === 4 ? 4 : 6, value: join([...bytes], 8n) };
};

const join = (groups: readonly number[], bits: bigint): bigint =>
  groups.reduce((value, group) => (value << bits) | BigInt(group), 0n);

const split = (value: bigint, count: number, bits: bigint): number[] =>
  Array.from({ length: count }, (_, i) =>
    Number(BigInt.asUintN(Number(bits), value >> (bits * BigInt(count - 1 - i)))),
  );

const parseIpv4 = (text: string): number[] | undefined => {
  const parts: number[] = [];
  let part = -1; // no digit yet
  for (let index = 0; index <= text.length; index++) {
    const digit = text.charCodeAt(index) - ZERO; // NaN after the end
    if (digit >= 0 && digit <= 9) {
      if (part === 0) return undefined; // a leading zero
      part = part < 0 ? digit : part * 10 + digit;
      if (part > 255) return undefined;
    } else {
      if (part < 0 || (index < text.length && digit !== DOT)) return undefined;
      parts.push(part);
      part = -1;
    }
  }
  return parts.length === 4 ? parts : undefined;
};

const ZERO = '0'.charCodeAt(0);
const DOT = '.'.charCodeAt(0) - ZERO;

/** Eight groups of 16 bits; `::` stands for at least one group of zeros (as inet_pton accepts it). */
const parseIpv6 = (text: string): number[] | undefined => {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = [parseGroups(halves[0]!, halves.length === 1), parseGroups(halves[1] ?? '', true)];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...Array<number>(missing).fill(0), ...tail];
};

/** Groups between colons; the last may be an IPv4 address (RFC 4291 2.2.3) where the text ends there. */
const parseGroups = (text: string, endsHere: boolean): number[] | undefined => {
  if (text === '') return [];
  const parts = text.split(':');
  const embedded = endsHere && parts.at(-1)!.includes('.') ? parseIpv4(parts.pop()!) : [];
  if (!embedded || !parts.every((part) => /^[\da-f]{1,4}$/i.test(part))) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = embedded;
  const groups = parts.map((part) => Number.parseInt(part, 16));
  return embedded.length === 0 ? groups : [...groups, (a << 8) | b, (c << 8) | d];
};

const formatIpv4 = (value: number): string =>
  `${value >>> 24}.${(value >>> 16) & 0xff}.${(value >>> 8) & 0xff}.${value & 0xff}`;

const formatIpv6 = (groups: readonly number[]): string => {
  const [start, length] = longestZeroRun(groups);
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return text(groups); // RFC 5952 4.2.2: never for a single group
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
};

/** Start and length; the first of equals (RFC 5952 4.2.3). */
const longestZeroRun = (groups: readonly number[]): readonly [number, number] => {
  let best: readonly [number, number] = [0, 0];
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > best[1]) best = [start, end - start];
  }
  return best;
};
