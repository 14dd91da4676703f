// CIDR prefixes of both families.
import { bitsOf, formatAddress, parseAddress } from './address.ts';
import type { Address, Family } from './address.ts';

export type Prefix = {
  readonly family: Family;
  /** The prefix's first address: all host bits are zero. */
  readonly address: Address;
  /** Prefix length in bits: 0..32 or 0..128. */
  readonly length: number;
};

/** Parses `10.0.0.0/8` strictly: undefined without a length, with a leading zero in it, or with host bits set. */
export const parsePrefix = (text: string): Prefix | undefined => {
  const parsed = parseInterfaceAddress(text);
  if (!parsed) return undefined;
  const prefix = prefixOf(parsed.address, parsed.length);
  return prefix.address.value === parsed.address.value ? prefix : undefined;
};

/** Parses an address with a prefix length, host bits allowed: `10.0.0.1/8`. */
export const parseInterfaceAddress = (
  text: string,
): { readonly address: Address; readonly length: number } | undefined => {
  const [host, length, ...rest] = text.split('/');
  const address = parseAddress(host!);
  if (!address || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length ?? '')) return undefined;
  return Number(length) <= bitsOf(address.family) ? { address, length: Number(length) } : undefined;
};

/** The prefix of this length that covers the address. */
export const prefixOf = ({ family, value }: Address, length: number): Prefix => {
  const hostBits = BigInt(bitsOf(family) - length);
  return { family, address: { family, value: (value >> hostBits) << hostBits }, length };
};

/** `10.0.0.0/8`, the address in canonical form. */
export const formatPrefix = ({ address, length }: Prefix): string => `${formatAddress(address)}/${length}`;

/** How many addresses the prefix has. */
export const prefixSize = ({ family, length }: Prefix): bigint => 1n << BigInt(bitsOf(family) - length);

/** Whether the address lies in the prefix; never across families. */
export const prefixContains = (prefix: Prefix, address: Address): boolean =>
  prefix.family === address.family && prefixOf(address, prefix.length).address.value === prefix.address.value;

/** Whether any address lies in both. */
export const prefixesOverlap = (a: Prefix, b: Prefix): boolean =>
  a.length <= b.length ? prefixContains(a, b.address) : prefixContains(b, a.address);

/** The n-th address from 0, from the end where n is negative (-1: the last); throws RangeError outside the prefix. */
export const nthAddress = (prefix: Prefix, n: number | bigint): Address => {
  const size = prefixSize(prefix);
  const index = BigInt(n) < 0n ? size + BigInt(n) : BigInt(n);
  if (index < 0n || index >= size) throw new RangeError(`${formatPrefix(prefix)} has no address number ${n}`);
  return { family: prefix.family, value: prefix.address.value + index };
};

/** The n-th part of the prefix of this longer length; throws RangeError if there is none. */
export const nthSubnet = (prefix: Prefix, length: number, n: number | bigint): Prefix => {
  const step = 1n << BigInt(bitsOf(prefix.family) - length);
  return prefixOf(nthAddress(prefix, BigInt(n) * step), length);
};
