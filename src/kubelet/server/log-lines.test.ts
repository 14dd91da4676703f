import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LogFormatter, logOptions } from './log-lines.ts';
import { readLog } from './log-stream.ts';

const NOW = Date.parse('2026-01-01T00:01:00Z');
const LINES = [
  '2026-01-01T00:00:00.000000001Z stdout F one',
  '2026-01-01T00:00:30.000000001Z stderr P tw',
  '2026-01-01T00:00:31.000000001Z stdout F o',
  '2026-01-01T00:00:50.000000001Z stdout F ',
  '2026-01-01T00:00:59.000000001Z stdout F end',
];
const FILE = Buffer.from(LINES.map((line) => `${line}\n`).join(''));

const shown = (query: string, file = FILE): string =>
  new LogFormatter(logOptions(new URLSearchParams(query), NOW)).push(file).toString();

describe('LogFormatter', () => {
  it('shows the text, joins parts, and cuts at limitBytes', () => {
    assert.equal(shown(''), 'one\ntwo\n\nend\n');
    assert.equal(shown('limitBytes=5'), 'one\nt');
    assert.equal(shown('', Buffer.from('not a line\n')), '');
  });

  it('begins at a time', () => {
    assert.equal(shown('sinceSeconds=20'), '\nend\n');
    assert.equal(shown('sinceTime=2026-01-01T00:00:55Z'), 'end\n');
  });

  it('shows the time of each line once', () => {
    const text = shown('timestamps=true');
    assert.equal(text.split('\n')[1], '2026-01-01T00:00:30.000000001Z two');
    assert.equal(text.split('\n').length, 5);
  });

  it('gives the same however the file is cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(FILE.length)),
        fc.constantFrom('', 'timestamps=true', 'limitBytes=7'),
        (cuts, query) => {
          const formatter = new LogFormatter(logOptions(new URLSearchParams(query), NOW));
          const bounds = [0, ...cuts.sort((a, b) => a - b), FILE.length];
          const parts = bounds
            .slice(1)
            .map((end, index) => formatter.push(FILE.subarray(bounds[index], end)));
          assert.equal(Buffer.concat(parts).toString(), shown(query));
        },
      ),
    );
  });

  it('refuses what is no number or time', () => {
    for (const query of ['tailLines=x', 'tailLines=-1', 'limitBytes=1.5', 'sinceTime=yesterday'])
      assert.throws(() => logOptions(new URLSearchParams(query), NOW), Error, query);
  });
});

describe('readLog()', () => {
  it('finds the last lines, over block borders too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'podnet-test-log-'));
    const path = join(folder, '0.log');
    const line = (index: number): string => `2026-01-01T00:00:00Z stdout F ${index} ${'x'.repeat(100)}\n`;
    writeFileSync(path, Array.from({ length: 3000 }, (_, index) => line(index)).join(''));
    const last = async (count: number): Promise<string[]> => {
      const options = logOptions(new URLSearchParams(`tailLines=${count}`), NOW);
      const chunks: Buffer[] = [];
      const source = { isRunning: async () => false, signal: new AbortController().signal };
      for await (const chunk of readLog(path, options, source)) chunks.push(chunk);
      return Buffer.concat(chunks)
        .toString()
        .split('\n')
        .slice(0, -1)
        .map((text) => text.split(' ')[0]!);
    };
    try {
      assert.deepEqual(await last(0), []);
      assert.deepEqual(await last(2), ['2998', '2999']);
      assert.equal((await last(1000))[0], '2000');
      assert.equal((await last(5000)).length, 3000);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
