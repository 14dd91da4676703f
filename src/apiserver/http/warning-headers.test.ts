import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { warningHeaders } from './warning-headers.ts';

describe('warningHeaders()', () => {
  it('quotes, and leaves out control characters', () => {
    assert.deepEqual(warningHeaders(['a "b" \\ c\r\nX-Other: d']), ['299 - "a \\"b\\" \\\\ c  X-Other: d"']);
  });

  it('sends other alphabets in UTF-8', () => {
    const [header] = warningHeaders(['“Größe” ✓']);
    assert.equal(Buffer.from(header!, 'latin1').toString('utf8'), '299 - "“Größe” ✓"');
  });

  it('is bounded: of too much it sends beginnings', () => {
    const texts = Array.from({ length: 100 }, (_, index) => `${index} ${'ü'.repeat(1000)}`);
    const headers = warningHeaders(texts);
    assert.equal(headers.length, 16);
    assert.ok(
      headers.every(
        (header) => Buffer.from(header, 'latin1').toString('utf8').length === 256 + '299 - ""'.length,
      ),
    );
    const whole = texts.slice(0, 4);
    assert.deepEqual(
      warningHeaders(whole).map(({ length }) => length),
      whole.map((text) => Buffer.byteLength(text) + '299 - ""'.length),
    );
  });
});
