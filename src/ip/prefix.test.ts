import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatAddress, parseAddress } from './address.ts';
import {
  formatPrefix,
  nthAddress,
  nthSubnet,
  parseInterfaceAddress,
  parsePrefix,
  prefixContains,
  prefixOf,
  prefixSize,
  prefixesOverlap,
} from './prefix.ts';
import type { Prefix } from './prefix.ts';

const prefix = (text: string): Prefix => parsePrefix(text)!;

const anyPrefix: fc.Arbitrary<Prefix> = fc
  .tuple(fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }), fc.integer({ min: 0, max: 32 }))
  .map(([value, length]) => prefixOf({ family: 4, value }, length));

describe('parsePrefix()', () => {
  it('reads both families and prints them back', () => {
    for (const text of ['10.0.0.0/8', '0.0.0.0/0', 'fd00:1::/64', '::/0', '10.1.2.3/32']) {
      assert.equal(formatPrefix(prefix(text)), text);
    }
  });

  it('refuses host bits, odd lengths and bare addresses', () => {
    for (const text of [
      '10.0.0.1/8',
      '10.0.0.0',
      '10.0.0.0/33',
      'fd00::/129',
      '10.0.0.0/08',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '/8',
    ]) {
      assert.equal(parsePrefix(text), undefined, text);
    }
  });
});

describe('parseInterfaceAddress()', () => {
  it('keeps host bits', () => {
    const { address, length } = parseInterfaceAddress('10.0.0.7/24')!;
    assert.deepEqual([formatAddress(address), length], ['10.0.0.7', 24]);
  });
});

describe('prefixContains()', () => {
  it('looks at the prefix bits only, within a family', () => {
    assert.ok(prefixContains(prefix('10.96.0.0/12'), parseAddress('10.111.255.255')!));
    assert.ok(!prefixContains(prefix('10.96.0.0/12'), parseAddress('10.112.0.0')!));
    assert.ok(!prefixContains(prefix('0.0.0.0/0'), parseAddress('::1')!));
  });

  it('holds for every nthAddress()', () => {
    fc.assert(
      fc.property(anyPrefix, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (p, part) => {
        const n = BigInt(Math.floor(part * Number(prefixSize(p))));
        assert.ok(prefixContains(p, nthAddress(p, n)));
      }),
    );
  });
});

describe('prefixesOverlap()', () => {
  it('is true where one contains the other, in either order', () => {
    assert.ok(prefixesOverlap(prefix('10.0.0.0/8'), prefix('10.3.0.0/16')));
    assert.ok(prefixesOverlap(prefix('10.3.0.0/16'), prefix('10.0.0.0/8')));
    assert.ok(!prefixesOverlap(prefix('10.2.0.0/16'), prefix('10.3.0.0/16')));
    assert.ok(!prefixesOverlap(prefix('0.0.0.0/0'), prefix('::/0')));
  });
});

describe('nthAddress()', () => {
  it('counts from the start, and from the end when negative', () => {
    const p = prefix('10.0.1.0/24');
    assert.deepEqual(
      [0, 1, -1].map((n) => formatAddress(nthAddress(p, n))),
      ['10.0.1.0', '10.0.1.1', '10.0.1.255'],
    );
    assert.throws(() => nthAddress(p, 256), /10\.0\.1\.0\/24 has no address number 256/);
    assert.throws(() => nthAddress(p, -257), RangeError);
  });
});

describe('nthSubnet()', () => {
  it('cuts a prefix into equal parts', () => {
    assert.equal(formatPrefix(nthSubnet(prefix('10.244.0.0/16'), 24, 2)), '10.244.2.0/24');
    assert.equal(formatPrefix(nthSubnet(prefix('fd00:10::/56'), 64, 255)), 'fd00:10:0:ff::/64');
    assert.throws(() => nthSubnet(prefix('10.244.0.0/16'), 24, 256), RangeError);
  });
});
