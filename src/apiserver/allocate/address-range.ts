// One range of Service addresses: which of them may be handed out, and in what order they are tried.
import { randomInt } from 'node:crypto';
import { type Address, formatAddress } from '../../ip/address.ts';
import { parsePrefix, prefixSize } from '../../ip/prefix.ts';
import { lowerBandSize } from './number-pool.ts';

export type AddressRange = {
  /** The prefix's text, for messages. */
  readonly cidr: string;
  readonly family: 4 | 6;
  /** All but the range's own address and, in IPv4, the broadcast address. */
  readonly first: bigint;
  readonly last: bigint;
  /** Where the upper band begins, from which addresses are taken that nobody asked for (KEP-3070). */
  readonly upper: bigint;
};

/** Longer IPv6 prefixes only: kube-apiserver does not allocate from shorter ones either. */
const SHORTEST_IPV6 = 64;

/** Undefined for what is no range to allocate from. */
export const addressRange = (cidr: string): AddressRange | undefined => {
  const prefix = parsePrefix(cidr);
  if (!prefix || (prefix.family === 6 && prefix.length < SHORTEST_IPV6)) return undefined;
  const { family, address } = prefix;
  const size = prefixSize(prefix);
  const first = address.value + 1n;
  const last = address.value + size - (family === 4 ? 2n : 1n);
  const lower = lowerBandSize(Number(size < SPAN_MAX ? size : SPAN_MAX), 16, 256);
  return { cidr, family, first, last, upper: first + BigInt(lower) };
};

/** Whether the address lies in the prefix, its own and the broadcast address included. */
export const rangeContains = (range: AddressRange, { family, value }: Address): boolean =>
  family === range.family && value >= range.first - 1n && value <= range.last + (family === 4 ? 1n : 0n);

export const isUsable = (range: AddressRange, { value }: Address): boolean =>
  value >= range.first && value <= range.last;

/** A random free address, from the lower band only when the upper is full. O(addresses in use). */
export const freeAddress = (range: AddressRange, isTaken: (ip: string) => boolean): string | undefined =>
  freeBetween(range, range.upper, range.last, isTaken) ??
  freeBetween(range, range.first, range.upper - 1n, isTaken);

/** `randomInt` gives no more than 48 bits: of a huge range only the beginning is used by itself. */
const SPAN_MAX = 1n << 47n;

/** From a random place on, around the end of the band. */
const freeBetween = (
  { family }: AddressRange,
  from: bigint,
  to: bigint,
  isTaken: (ip: string) => boolean,
): string | undefined => {
  const size = to - from + 1n;
  if (size <= 0n) return undefined;
  const span = Number(size < SPAN_MAX ? size : SPAN_MAX);
  const start = randomInt(span);
  for (let step = 0; step < span; step++) {
    const ip = formatAddress({ family, value: from + BigInt((start + step) % span) });
    if (!isTaken(ip)) return ip;
  }
  return undefined;
};
