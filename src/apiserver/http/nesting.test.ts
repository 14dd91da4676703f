import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withinLevels } from './nesting.ts';

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
const BYTES = 1 << 20;

describe('withinLevels()', () => {
  it('takes a thousand levels, and refuses more', () => {
    const value = { a: nested(999) };
    assert.equal(withinLevels(value, BYTES), value);
    assert.throws(() => withinLevels({ a: nested(1000) }, BYTES), {
      code: 400,
      message: /more than 1000 levels/,
    });
  });

  it('refuses what contains itself', () => {
    const value: { self?: unknown } = {};
    value.self = value;
    assert.throws(() => withinLevels(value, BYTES), { code: 400 });
  });

  it('does not look at what is too short to nest', () => {
    assert.doesNotThrow(() => withinLevels('abc', 3));
  });
});
