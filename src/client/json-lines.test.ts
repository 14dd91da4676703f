import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { jsonLines } from './json-lines.ts';

async function* pieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const size of sizes) {
    yield await Promise.resolve(bytes.subarray(start, start + size));
    start += size;
  }
  yield bytes.subarray(start);
}

const parse = (text: string, sizes: readonly number[] = [], lineBytesMax = 1000): Promise<unknown[]> =>
  Array.fromAsync(jsonLines(pieces(Buffer.from(text), sizes), lineBytesMax));

describe('jsonLines()', () => {
  it('gives the same documents however the bytes are cut', async () => {
    const documents = fc.array(
      fc.record({ type: fc.string({ unit: 'binary' }), n: fc.nat() }, { noNullPrototype: true }),
    );
    await fc.assert(
      fc.asyncProperty(documents, fc.array(fc.nat(30)), async (wanted, sizes) => {
        const text = wanted.map((document) => `${JSON.stringify(document)}\n`).join('');
        assert.deepEqual(await parse(text, sizes, 10_000), wanted);
      }),
    );
  });

  it('skips blank lines and a last line that was cut off', async () => {
    assert.deepEqual(await parse('{"a":1}\n\n{"b":2}\n{"c"'), [{ a: 1 }, { b: 2 }]);
  });

  it('refuses a line without end', async () => {
    await assert.rejects(parse('x'.repeat(50), [10, 10, 10], 25), /line of more than 25 bytes/);
  });
});
