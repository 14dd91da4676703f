import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createNumbers, hashOf } from './numbers.ts';

describe('numbers', () => {
  it('a content has its number as long as it is not freed, and the same again afterwards', () => {
    const numbers = createNumbers();
    const number = numbers.take('web', hashOf('web'));
    assert.equal(numbers.take('web', hashOf('web')), number);
    numbers.free('web');
    assert.equal(numbers.take('web', hashOf('web')), number);
    assert.equal(createNumbers().take('web', hashOf('web')), number);
  });

  it('contents of one hash have different numbers, neither 0 nor PENDING', () => {
    const numbers = createNumbers(3);
    const taken = ['a', 'b', 'c'].map((content) => numbers.take(content, 2));
    assert.deepEqual(new Set(taken), new Set([2, 3, 4]));
    numbers.free('b');
    assert.equal(numbers.take('d', 2), taken[1]);
  });
});
