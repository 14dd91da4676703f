import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SortedMap } from './sorted-map.ts';

/** Few enough that keys come again, and enough for several pieces. */
const KEYS = Array.from({ length: 3000 }, (_, index) => `n-${index % 7}/${index}`);
const key = fc.constantFrom(...KEYS);

describe('a sorted map', () => {
  it('has the keys of any range in order, after any additions and removals', () => {
    const steps = fc.array(fc.record({ key, isGone: fc.boolean() }), { minLength: 0, maxLength: 50 });
    fc.assert(
      fc.property(fc.shuffledSubarray(KEYS), steps, key, key, (added, changes, from, before) => {
        const map = new SortedMap<string>();
        const model = new Map<string, string>();
        const put = (name: string): void => {
          map.set(name, `v ${name}`);
          model.set(name, `v ${name}`);
        };
        added.forEach(put);
        for (const { key: name, isGone } of changes) {
          if (!isGone) put(name);
          else {
            map.delete(name);
            model.delete(name);
          }
        }
        const sorted = [...model.keys()].sort();
        assert.deepEqual(map.keys(), sorted);
        assert.equal(map.size, sorted.length);
        assert.deepEqual(
          map.keys(from, before),
          sorted.filter((each) => each >= from && each < before),
        );
        assert.equal(map.get(from), model.get(from));
      }),
      { numRuns: 50 },
    );
  });

  it('is empty again when all keys are gone, in any order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(KEYS, { minLength: KEYS.length }), (order) => {
        const map = new SortedMap<number>();
        for (const name of KEYS) map.set(name, 1);
        for (const name of order) map.delete(name);
        assert.deepEqual([map.size, map.keys(), map.keys('n-1', 'n-2')], [0, [], []]);
        map.set('a', 1);
        assert.deepEqual(map.keys(), ['a']);
      }),
      { numRuns: 5 },
    );
  });
});
