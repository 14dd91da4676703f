import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatAddress, parseAddress } from '../ip/address.ts';
import { parsePrefix } from '../ip/prefix.ts';
import { nextFreeAddress } from './address-range.ts';

/** Takes addresses until none is left, or `count` of them; begins after `last`. */
const take = (
  cidr: string,
  options: { last?: string; taken?: readonly string[]; count?: number } = {},
): string[] => {
  const taken = new Set(options.taken);
  const got: string[] = [];
  let last = options.last ? parseAddress(options.last) : undefined;
  while (got.length < (options.count ?? 1000)) {
    last = nextFreeAddress(parsePrefix(cidr)!, last, (address) => taken.has(formatAddress(address)));
    if (!last) break;
    got.push(formatAddress(last));
    taken.add(formatAddress(last));
  }
  return got;
};

describe('nextFreeAddress()', () => {
  it('gives every address but the network’s, the first and the broadcast address', () => {
    assert.deepEqual(take('10.244.0.8/29'), [
      '10.244.0.10',
      '10.244.0.11',
      '10.244.0.12',
      '10.244.0.13',
      '10.244.0.14',
    ]);
    assert.deepEqual(take('fd00::8/125').at(-1), 'fd00::f');
    assert.equal(take('10.244.0.0/24').length, 253);
    assert.deepEqual(take('10.244.0.0/31'), []);
    assert.deepEqual(take('10.244.0.0/32'), []);
  });

  it('goes on after the last one, over the end to the beginning', () => {
    const options = { last: '10.244.0.12', taken: ['10.244.0.13'], count: 3 };
    assert.deepEqual(take('10.244.0.8/29', options), ['10.244.0.14', '10.244.0.10', '10.244.0.11']);
  });

  it('begins anew when the last one was of another range', () => {
    assert.deepEqual(take('10.244.1.0/24', { last: '10.244.0.77', count: 1 }), ['10.244.1.2']);
    assert.deepEqual(take('fd00::/64', { last: '10.244.0.77', count: 1 }), ['fd00::2']);
  });

  it('is quick in a range of 2^64 addresses', () => {
    assert.equal(take('fd00::/64', { count: 300 }).at(-1), 'fd00::12d');
  });
});
