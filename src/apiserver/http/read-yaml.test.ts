import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readYaml } from './read-yaml.ts';

const LONG = Array.from({ length: 10_000 }, (_, index) => `k${index}: yes\n`).join('');
const LIMITS = { timeMs: 30_000, heapMegabytes: 512 };

describe('readYaml()', () => {
  it('reads a long text as it reads a short one', async () => {
    const { value, duplicates } = await readYaml(`${LONG}k1: no\n`, { version: '1.1' });
    assert.deepEqual(Object.keys(value as object).length, 10_000);
    assert.deepEqual(
      [(value as { k0: unknown; k1: unknown }).k0, (value as { k1: unknown }).k1],
      [true, false],
    );
    assert.deepEqual(duplicates, ['line 10001: key "k1" already set in map']);
    await assert.rejects(readYaml(`${LONG}a: [b`), /Flow sequence/);
  });

  it('reads nothing that takes too long or too much memory, and goes on', async () => {
    await assert.rejects(readYaml(LONG, {}, { ...LIMITS, timeMs: 1 }), /more than 0.001 s or 512 MiB/);
    const large = `[${'x,'.repeat(200_000)}x]`;
    await assert.rejects(readYaml(large, {}, { ...LIMITS, heapMegabytes: 16 }), /more than 30 s or 16 MiB/);
    await readYaml(LONG);
  });
});
