// Which addresses of a pod CIDR pods may have, and which is next. Pure.
import type { Address } from '../ip/address.ts';
import { prefixContains, prefixSize } from '../ip/prefix.ts';
import type { Prefix } from '../ip/prefix.ts';

/** Offsets from the prefix's first address; empty where last < first. */
type Range = { readonly first: bigint; readonly last: bigint };

/**
 * The next free address after `last`, beginning anew at the end: an address that was just released is the last to be
 * used again. Undefined if all are taken. O(taken addresses).
 */
export const nextFreeAddress = (
  prefix: Prefix,
  last: Address | undefined,
  isTaken: (address: Address) => boolean,
): Address | undefined => {
  const range = usableRange(prefix);
  const size = range.last - range.first + 1n;
  const start = last && prefixContains(prefix, last) ? offsetOf(prefix, last) + 1n - range.first : 0n;
  for (let step = 0n; step < size; step++) {
    const offset = range.first + positiveModulo(start + step, size);
    const address = { family: prefix.family, value: prefix.address.value + offset };
    if (!isTaken(address)) return address;
  }
  return undefined;
};

/**
 * Not the prefix's first address (IPv4: the network's; IPv6: the subnet routers', RFC 4291 2.6.1), not the second (where
 * people expect a gateway), not IPv4's last (broadcast).
 */
const usableRange = (prefix: Prefix): Range => ({
  first: 2n,
  last: prefixSize(prefix) - (prefix.family === 4 ? 2n : 1n),
});

const offsetOf = (prefix: Prefix, address: Address): bigint => address.value - prefix.address.value;

const positiveModulo = (value: bigint, size: bigint): bigint => ((value % size) + size) % size;
