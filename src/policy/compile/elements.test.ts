import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAddress } from '../../ip/address.ts';
import { intervalKey, peerOf, peerText, portKey, rangeKey, rowKey } from './elements.ts';

const interval = (first: string, last: string): string => {
  const [from, to] = [parseAddress(first)!, parseAddress(last)!];
  return intervalKey(from.family, from.value, to.value);
};

describe('elements', () => {
  it('a peer id is written as nft writes a priority', () => {
    assert.deepEqual([7, 10, 0x1_0005, 0x7fff_abcd].map(peerText), ['0:7', '0:a', '1:5', '7fff:abcd']);
    for (const id of [7, 0x1_0005, 0x7fff_ffff]) assert.equal(peerOf(peerText(id)), id);
  });

  it('an interval that is a prefix is written as one', () => {
    assert.equal(interval('10.0.0.0', '10.255.255.255'), '10.0.0.0/8');
    assert.equal(interval('0.0.0.0', '255.255.255.255'), '0.0.0.0/0');
    assert.equal(interval('::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'), '::/0');
    assert.equal(interval('10.0.0.4', '10.0.0.5'), '10.0.0.4/31');
  });

  it('an interval that is no prefix is written with both ends, one address as itself', () => {
    assert.equal(interval('10.0.0.1', '10.0.0.4'), '10.0.0.1-10.0.0.4');
    assert.equal(interval('10.0.0.1', '10.0.0.2'), '10.0.0.1-10.0.0.2');
    assert.equal(interval('fd00::5', 'fd00::5'), 'fd00::5');
  });

  it('keys of several parts are written with dots', () => {
    assert.equal(rowKey(19, '0:7'), '19 . 0:7');
    assert.equal(portKey(19, 'SCTP', 80), '19 . sctp . 80');
    assert.equal(rangeKey(19, 'TCP', 80, 90), '19 . tcp . 80-90');
  });
});
