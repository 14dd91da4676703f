import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientHash } from './client-hash.ts';

describe('clientHash()', () => {
  it('is that of the kernel', () => {
    const slot = (address: string): number => Math.floor((clientHash(address, 3) * 65_536) / 2 ** 32);
    const addresses = ['10.244.0.11', '10.244.3.200', 'fd00:244::11', 'fd00:244:1:2::abcd'];
    // what the rules `meta mark set jhash ip saddr mod 65536 seed 3` gave (Linux 6.18)
    assert.deepEqual(addresses.map(slot), [0xfe59, 0x7652, 0x7bf1, 0xbe22]);
  });
});
