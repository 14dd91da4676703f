// Addresses as names (RFC 1035 3.5, RFC 3596 2.5): `7.1.244.10.in-addr.arpa`, 32 nibbles under ip6.arpa.
import { addressFromBytes, addressToBytes, parseAddress } from '../ip/address.ts';
import type { Address } from '../ip/address.ts';

const V4 = '.in-addr.arpa';
const V6 = '.ip6.arpa';

export const reverseName = (address: Address): string => {
  const bytes = [...addressToBytes(address)].reverse();
  if (address.family === 4) return bytes.join('.') + V4;
  const nibbles = bytes.flatMap((byte) => [byte & 0xf, byte >> 4].map((nibble) => nibble.toString(16)));
  return nibbles.join('.') + V6;
};

/** The address that a whole reverse name stands for; undefined for any other name. `name` in lower case. */
export const parseReverseName = (name: string): Address | undefined => {
  if (name.endsWith(V4)) return parseAddress(name.slice(0, -V4.length).split('.').reverse().join('.'));
  if (!name.endsWith(V6)) return undefined;
  const digits = name.slice(0, -V6.length).split('.').reverse();
  const isWhole = digits.length === 32 && digits.every((digit) => /^[\da-f]$/.test(digit));
  return isWhole ? addressFromBytes(Buffer.from(digits.join(''), 'hex')) : undefined;
};
