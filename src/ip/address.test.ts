import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  addressFromBytes,
  addressToBytes,
  bitsOf,
  familyOf,
  formatAddress,
  parseAddress,
  parseAddressBytes,
} from './address.ts';
import type { Address } from './address.ts';

const anyAddress: fc.Arbitrary<Address> = fc
  .constantFrom(4 as const, 6 as const)
  .chain((family) =>
    fc.bigInt({ min: 0n, max: (1n << BigInt(bitsOf(family))) - 1n }).map((value) => ({ family, value })),
  );

const canonical = (text: string): string | undefined => {
  const address = parseAddress(text);
  return address && formatAddress(address);
};

describe('parseAddress()', () => {
  it('reads both families', () => {
    assert.deepEqual(parseAddress('10.0.0.1'), { family: 4, value: 0x0a00_0001n });
    assert.deepEqual(parseAddress('fd00::a'), { family: 6, value: (0xfd00n << 112n) | 10n });
    assert.deepEqual(parseAddress('::'), { family: 6, value: 0n });
    assert.deepEqual(parseAddress('::ffff:10.0.0.1'), { family: 6, value: 0xffff_0a00_0001n });
  });

  it('refuses what Kubernetes refuses', () => {
    const wrong = [
      '',
      '10.0.0',
      '10.0.0.256',
      '010.0.0.1',
      '10.0.0.1/8',
      '1.2.3.4.5',
      '10.0.0.-1',
      ' 10.0.0.1',
    ];
    const wrong6 = [
      ':',
      ':::',
      '1::2::3',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4:5:6:7::8:9',
      'fe80::1%eth0',
    ];
    const odd6 = ['12345::', '::g', '1:', ':1', '::1.2.3', '1.2.3.4::', '::1.2.3.4:5', '1:2:3:4:5:6:7:8::'];
    for (const text of [...wrong, ...wrong6, ...odd6]) assert.equal(parseAddress(text), undefined, text);
  });

  it('agrees with Node about what an address is', () => {
    const text = fc.array(fc.constantFrom('0', '1', '25', 'ff', 'abcd', ':', '::', '.', '.9'), {
      maxLength: 17,
    });
    fc.assert(
      fc.property(text, (parts) => {
        const word = parts.join('');
        assert.equal(parseAddress(word) !== undefined, isIPv4(word) || isIPv6(word), word);
      }),
    );
  });

  it('reads back what formatAddress() writes', () => {
    fc.assert(fc.property(anyAddress, (a) => assert.deepEqual(parseAddress(formatAddress(a)), a)));
  });
});

describe('formatAddress()', () => {
  it('writes RFC 5952', () => {
    const cases = {
      '2001:DB8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
      '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
      '2001:0:0:1:0:0:0:1': '2001:0:0:1::1',
      '0:0:0:0:0:0:0:0': '::',
      '1:0:0:0:0:0:0:0': '1::',
      '192.168.0.1': '192.168.0.1',
    };
    for (const [text, expected] of Object.entries(cases)) assert.equal(canonical(text), expected);
  });
});

describe('familyOf()', () => {
  it('names the family or says nothing', () => {
    assert.deepEqual(['1.2.3.4', '::1', 'x'].map(familyOf), [4, 6, undefined]);
  });
});

describe('parseAddressBytes()', () => {
  it('gives the bytes of what parseAddress() reads, and nothing for other texts', () => {
    const texts = fc.oneof(
      anyAddress.map(formatAddress),
      fc.string(),
      fc.stringMatching(/^[0-9.:a-f]{0,20}$/),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const address = parseAddress(text);
        assert.deepEqual(parseAddressBytes(text), address && addressToBytes(address));
      }),
    );
  });
});

describe('addressToBytes()', () => {
  it('is undone by addressFromBytes()', () => {
    fc.assert(fc.property(anyAddress, (a) => assert.deepEqual(addressFromBytes(addressToBytes(a)), a)));
  });

  it('has network order', () => {
    assert.deepEqual([...addressToBytes(parseAddress('10.1.2.3')!)], [10, 1, 2, 3]);
    assert.throws(() => addressFromBytes(new Uint8Array(5)), RangeError);
  });
});
