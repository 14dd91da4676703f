import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAddress } from '../../ip/address.ts';
import { parseNodePortAddresses } from '../../k8s/node-port-addresses.ts';
import { virtualIpsOf } from '../virtual-ip.ts';
import { nodePortAddresses, primaryAddresses } from './node-addresses.ts';

const PRESENT = [
  ...['127.0.0.1', '::1', '172.30.0.11', 'fd00:172:30::b', 'fe80::1', '169.254.1.1'],
  ...['10.96.0.10', '192.168.7.5', 'fd00:7::5'],
];

const chosen = (...values: string[]): string =>
  nodePortAddresses({
    wanted: parseNodePortAddresses(values),
    primary: virtualIpsOf(['172.30.0.11', 'fd00:172:30::b']),
    present: PRESENT.map((text) => parseAddress(text)!),
    serviceRanges: ['10.96.0.0/16'],
  })
    .map(({ address }) => address)
    .join(' ');

describe('nodePortAddresses()', () => {
  for (const [values, wanted] of [
    ['', '172.30.0.11 fd00:172:30::b'],
    ['localhost', ''],
    ['primary,192.168.0.0/16', '172.30.0.11 fd00:172:30::b 192.168.7.5'],
    ['192.168.0.0/16,fd00:7::/64', '192.168.7.5 fd00:7::5'],
    ['all', '172.30.0.11 fd00:172:30::b 192.168.7.5 fd00:7::5'],
    ['all,primary', '172.30.0.11 fd00:172:30::b 192.168.7.5 fd00:7::5'],
    ['203.0.113.0/24', ''],
  ] as const) {
    it(`chooses for ${JSON.stringify(values)}: ${wanted || 'none'}`, () =>
      assert.equal(chosen(...values.split(',').filter(Boolean)), wanted));
  }
});

describe('primaryAddresses()', () => {
  const texts = (...args: Parameters<typeof primaryAddresses>): string =>
    primaryAddresses(...args)
      .map(({ address }) => address)
      .join(' ');

  it('are the first of each family that the Node names, internal ones before external ones', () => {
    const addresses = [
      { type: 'Hostname', address: 'node-1' },
      { type: 'ExternalIP', address: 'fd00:9::1' },
      { type: 'InternalIP', address: '172.30.0.12' },
      { type: 'InternalIP', address: '172.30.0.13' },
    ];
    assert.equal(texts({ status: { addresses } }, ['172.30.0.11']), '172.30.0.12 fd00:9::1');
  });

  it('are the configured ones while it names none', () => {
    assert.equal(texts(undefined, ['fd00::1', '172.30.0.11']), '172.30.0.11 fd00::1');
    assert.equal(texts({ status: { addresses: [] } }, ['172.30.0.11']), '172.30.0.11');
  });
});
