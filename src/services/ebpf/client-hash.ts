// The hash by which the tables choose a new client's endpoint where a Service has session affinity: linux nft_hash.c,
// nft_jhash_eval(), and include/linux/jhash.h.
import { addressToBytes, parseAddress } from '../../ip/address.ts';
import { LITTLE_ENDIAN, viewOf } from '../../wire/netlink.ts';

type Words = readonly [number, number, number];

const INITIAL = 0xdead_beef;

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

/** 32 bits; of an address as text, as if it were the only thing that is hashed. */
export const clientHash = (address: string, seed: number): number => {
  const bytes = Uint8Array.from(addressToBytes(parseAddress(address)!));
  const view = viewOf(bytes);
  const word = (offset: number): number => view.getUint32(offset, LITTLE_ENDIAN);
  const start = (INITIAL + bytes.length + seed) | 0;
  const state: Words = [start, start, start];
  // 4 bytes, or 12 and then 4
  const rest = view.getUint32(bytes.length - 4, true);
  return final(add(bytes.length === 4 ? state : mix(add(state, [word(0), word(4), word(8)])), [rest, 0, 0]));
};

const add = (a: Words, b: Words): Words => [(a[0] + b[0]) | 0, (a[1] + b[1]) | 0, (a[2] + b[2]) | 0];

/** __jhash_mix() */
const mix = ([a, b, c]: Words): Words => {
  for (const [first, second, third] of [
    [4, 6, 8],
    [16, 19, 4],
  ] as const) {
    a = (a - c) ^ rotate(c, first);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, second);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, third);
    b = (b + a) | 0;
  }
  return [a, b, c];
};

/** __jhash_final() */
const final = ([a, b, c]: Words): number => {
  c = (c ^ b) - rotate(b, 14);
  a = (a ^ c) - rotate(c, 11);
  b = (b ^ a) - rotate(a, 25);
  c = (c ^ b) - rotate(b, 16);
  a = (a ^ c) - rotate(c, 4);
  b = (b ^ a) - rotate(a, 14);
  c = (c ^ b) - rotate(b, 24);
  return c >>> 0;
};
