import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { storedAs } from '../../test/support/object-builders.ts';
import type { ConfigMap } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { Cache } from './cache.ts';

/** By the letters of `value`, the same letter as often as it is there. */
const byLetter = { letter: ({ data }: Stored<ConfigMap>) => (data?.['value'] ?? '').split('') };

const step = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  value: fc.constantFrom('', 'x', 'xx', 'xyx'),
});

describe('Cache', () => {
  it('finds the same objects by an index as by looking at all of them, whatever happened', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const cache = new Cache<ConfigMap>(byLetter);
        steps.forEach(({ name, value }, version) => {
          const metadata = { name, namespace: 'ns', resourceVersion: String(version) };
          const object = storedAs<ConfigMap>({ metadata, data: { value } });
          if (value === '') cache.delete(object);
          else cache.set(object);
        });
        for (const letter of ['x', 'y']) {
          const wanted = cache.list().filter(({ data }) => data?.['value']?.includes(letter));
          assert.deepEqual(new Set(cache.byIndex('letter', letter)), new Set(wanted));
          assert.equal(cache.byIndex('letter', letter).length, wanted.length);
        }
      }),
      { numRuns: 500 },
    );
  });
});
