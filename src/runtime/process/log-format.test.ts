import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, assert as check, property, string } from 'fast-check';
import { MAX_LINE_BYTES, createLineSplitter } from './log-format.ts';

const NOW = Date.parse('2026-01-02T03:04:05.678Z');

const split = (...chunks: readonly string[]): string => {
  const splitter = createLineSplitter('stdout');
  const lines = chunks.map((chunk) => splitter.push(Buffer.from(chunk), NOW));
  return Buffer.concat([...lines, splitter.end(NOW)]).toString();
};

/** What the container wrote, from its log. */
const textOf = (log: string): string =>
  log
    .split('\n')
    .slice(0, -1)
    .map((line) => /^\S+ stdout ([FP]) (.*)$/s.exec(line)!)
    .map(([, tag, text]) => `${text}${tag === 'F' ? '\n' : ''}`)
    .join('');

describe('createLineSplitter()', () => {
  it('stamps each line with time, stream and tag', () => {
    assert.equal(
      split('one\ntw', 'o\n', 'rest'),
      '2026-01-02T03:04:05.678000000Z stdout F one\n' +
        '2026-01-02T03:04:05.678000000Z stdout F two\n' +
        '2026-01-02T03:04:05.678000000Z stdout F rest\n',
    );
    assert.equal(split(''), '');
  });

  it('cuts a long line into parts, the last of which ends it', () => {
    const tags = split('x'.repeat(2 * MAX_LINE_BYTES + 1), '\n').match(/ [FP] x+/g)!;
    assert.deepEqual(
      tags.map((part) => [part[1], part.length - 3]),
      [
        ['P', MAX_LINE_BYTES],
        ['P', MAX_LINE_BYTES],
        ['F', 1],
      ],
    );
  });

  it('loses nothing, however the output is cut into chunks', () => {
    check(
      property(array(string({ unit: 'grapheme-ascii' })), (chunks) => {
        const whole = chunks.join('').replaceAll('\r', ' ');
        const text = textOf(split(...chunks.map((chunk) => chunk.replaceAll('\r', ' '))));
        assert.equal(text, whole === '' || whole.endsWith('\n') ? whole : `${whole}\n`);
      }),
    );
  });
});
