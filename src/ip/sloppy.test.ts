import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatAddress, parseAddress } from './address.ts';
import { formatPrefix, prefixOf } from './prefix.ts';
import { parseSloppyAddress, parseSloppyPrefix } from './sloppy.ts';

const read = (text: string): string | undefined => {
  const address = parseSloppyAddress(text);
  return address && formatAddress(address);
};

describe('parseSloppyAddress()', () => {
  it('reads leading zeros as decimal and unwraps mapped addresses', () => {
    assert.equal(read('010.000.096.012'), '10.0.96.12');
    assert.equal(read('::ffff:010.0.0.1'), '10.0.0.1');
    assert.equal(read('FD00:0:0::00a'), 'fd00::a');
    for (const text of ['', '10.0.0', '10.0.0.256', '10.0.0.0x1', '1.2.3.4.5', 'web'])
      assert.equal(read(text), undefined, text);
  });

  it('reads whatever the strict parser reads the same way, mapped addresses aside', () => {
    const texts = fc.oneof(
      fc.ipV4(),
      fc.ipV6().filter((text) => !text.includes('.')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const strict = parseAddress(text);
        if (strict && strict.value >> 32n !== 0xffffn) assert.deepEqual(parseSloppyAddress(text), strict);
      }),
    );
  });
});

describe('parseSloppyPrefix()', () => {
  it('reads host bits, zeros in both parts, and mapped prefixes', () => {
    const text = (prefix: string): string | undefined => {
      const parsed = parseSloppyPrefix(prefix);
      return (
        parsed && `${formatAddress(parsed.address)} ${formatPrefix(prefixOf(parsed.address, parsed.length))}`
      );
    };
    assert.equal(text('010.1.2.3/08'), '10.1.2.3 10.0.0.0/8');
    assert.equal(text('::ffff:10.0.0.0/104'), '10.0.0.0 10.0.0.0/8');
    assert.equal(text('fd00::1/64'), 'fd00::1 fd00::/64');
    for (const wrong of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/8/8', 'x/8'])
      assert.equal(text(wrong), undefined, wrong);
  });
});
