import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatQuantity, isWholeQuantity, parseQuantity, roundUpToMilli } from './quantity.ts';

const canonical = (text: string | number): string => formatQuantity(parseQuantity(text)!);

describe('formatQuantity()', () => {
  it('prints what Kubernetes prints', () => {
    const pairs = {
      '0.5': '500m',
      '1024Mi': '1Gi',
      '1500': '1500',
      '1000': '1k',
      '1.5Gi': '1536Mi',
      '1000Ki': '1000Ki',
      '0.1Ki': '102400m',
      '2e3': '2e3',
      '1E': '1E',
      '12E6': '12e6',
      '-1.5': '-1500m',
      '+5': '5',
      '1n': '1n',
      '0.1n': '1n',
      '0': '0',
      '.5': '500m',
    };
    for (const [text, expected] of Object.entries(pairs)) assert.equal(canonical(text), expected, text);
    assert.equal(canonical(0.25), '250m');
  });

  it('is stable, and keeps the value', () => {
    const text = fc
      .tuple(
        fc.integer({ min: -9999, max: 9999 }),
        fc.constantFrom('', 'm', 'u', 'k', 'M', 'Ki', 'Gi', 'e3', 'e-2'),
      )
      .map(([number, suffix]) => `${number}${suffix}`);
    fc.assert(
      fc.property(text, (quantity) => {
        const once = canonical(quantity);
        assert.equal(canonical(once), once);
        assert.equal(parseQuantity(once)!.nanos, parseQuantity(quantity)!.nanos);
      }),
    );
  });
});

describe('parseQuantity()', () => {
  it('refuses what is no quantity', () => {
    for (const text of ['', 'abc', '1 Gi', '1gi', '1ki', '--1', '1.2.3', '1e', '.', '1Kii'])
      assert.equal(parseQuantity(text), undefined, text);
  });

  it('cuts at 2^63-1, whatever the exponent', () => {
    assert.equal(canonical('99E'), canonical('1e999999999'));
  });
});

it('roundUpToMilli() rounds away from zero, isWholeQuantity() sees fractions', () => {
  assert.equal(formatQuantity(roundUpToMilli(parseQuantity('1u')!)), '1m');
  assert.equal(formatQuantity(roundUpToMilli(parseQuantity('-1u')!)), '-1m');
  assert.equal(isWholeQuantity(parseQuantity('2k')!), true);
  assert.equal(isWholeQuantity(parseQuantity('2001m')!), false);
});
