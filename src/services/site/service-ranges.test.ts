import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serviceRanges } from './service-ranges.ts';

const plan = {
  planned: ['10.96.0.0/16', 'fd00:96::/112'],
  pods: ['10.244.0.0/16', 'fd00:244::/48'],
  nodeAddresses: ['172.30.0.11', 'fd00:172:30::b'],
};

describe('serviceRanges()', () => {
  it('adds the ranges that come later', () => {
    assert.deepEqual(serviceRanges(plan, ['10.200.0.0/24', 'fd00:200::/112']), [
      '10.200.0.0/24',
      '10.96.0.0/16',
      'fd00:200::/112',
      'fd00:96::/112',
    ]);
  });

  it('leaves out what is within another range, whichever came first', () => {
    assert.deepEqual(serviceRanges(plan, ['10.96.4.0/24', '10.96.0.0/16', '10.96.0.0/12']), [
      '10.96.0.0/12',
      'fd00:96::/112',
    ]);
  });

  it('leaves out ranges that pods or this node are in, and what is no range', () => {
    const bad = ['10.0.0.0/8', '0.0.0.0/0', '172.30.0.0/24', 'fd00::/16', '10.200.0.1/24', 'nonsense', ''];
    assert.deepEqual(serviceRanges(plan, bad), ['10.96.0.0/16', 'fd00:96::/112']);
  });
});
