import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { equalJson, isJsonObject } from './json.ts';
import { sameKeyed } from './keyed-items.ts';

const by = { keys: ['a', 'b'], items: { properties: { b: { default: 1 } } } };
const value = fc.constantFrom<unknown>(undefined, 0, 1, 'x', '1');
const item = fc
  .record({ a: value, b: value, c: value })
  .map((each) => JSON.parse(JSON.stringify(each)) as Record<string, unknown>);

describe('sameKeyed()', () => {
  it('finds what a search from the front would find', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(item, fc.constant(null))), item, (list, sought) => {
        const keyOf = (each: Record<string, unknown>) => [each['a'] ?? null, each['b'] ?? 1];
        const wanted = list.find((each) => isJsonObject(each) && equalJson(keyOf(each), keyOf(sought)));
        assert.equal(sameKeyed(list, by, sought), wanted ?? undefined);
        assert.equal(sameKeyed(list, by, sought), wanted ?? undefined);
      }),
    );
  });
});
