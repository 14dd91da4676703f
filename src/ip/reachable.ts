// Addresses that mean the same on every machine.
import type { Address } from './address.ts';
import { parsePrefix, prefixContains } from './prefix.ts';

/** Unspecified, loopback, link-local and multicast (IANA special-purpose registries; RFC 4291 2.7). */
const SPECIAL = [
  '0.0.0.0/32',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '::/128',
  '::1/128',
  'fe80::/10',
  'ff00::/8',
].map((text) => parsePrefix(text)!);

/** Whether a packet to this address leads to one machine, the same from everywhere. */
export const isReachable = (address: Address): boolean =>
  !SPECIAL.some((prefix) => prefixContains(prefix, address));
