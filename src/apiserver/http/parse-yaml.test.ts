import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseYaml } from './parse-yaml.ts';

describe('parseYaml()', () => {
  it('tells of each key that stands twice, with its line, and takes the last', async () => {
    const { value, duplicates } = await parseYaml('a: 1\nb:\n  - {c: 1, c: 2}\na: 3\n');
    assert.deepEqual(value, { a: 3, b: [{ c: 2 }] });
    assert.deepEqual(duplicates.toSorted(), [
      'line 3: key "c" already set in map',
      'line 4: key "a" already set in map',
    ]);
  });

  it('reads 1.1 and merges, where a merge may stand twice', async () => {
    const text = 'x: &x {a: yes}\ny: &y {b: off}\nz: {<<: *x, <<: *y}\n';
    const { value, duplicates } = await parseYaml(text, { version: '1.1', merge: true });
    assert.deepEqual((value as { readonly z: object }).z, { a: true, b: false });
    assert.deepEqual(duplicates, []);
  });

  it('reads a map of 30,000 keys as it reads any other', async () => {
    const text = Array.from({ length: 30_000 }, (_, index) => `k${index}: v\n`).join('');
    assert.equal(Object.keys((await parseYaml(text)).value as object).length, 30_000);
  });

  it('refuses what nests, swells or is broken', async () => {
    const swelling = ['a: &a [x, x, x]', ...'bcdefgh'.split('')].reduce(
      (text, letter, index) => `${text}\n${letter}: &${letter} [${`*${'abcdefgh'[index - 1]}, `.repeat(9)}]`,
    );
    await assert.rejects(parseYaml('['.repeat(2_000_000)), /more than 1000 levels/);
    await assert.rejects(parseYaml(`${'- '.repeat(1_000_000)}a`), /more than 1000 levels/);
    await assert.rejects(parseYaml(swelling), /alias/);
    await assert.rejects(parseYaml('a: [b'), /Flow sequence/);
  });
});
