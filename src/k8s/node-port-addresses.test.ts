import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatPrefix } from '../ip/prefix.ts';
import { nodePortAddressProblem, parseNodePortAddresses } from './node-port-addresses.ts';

const meaning = (...values: string[]): string => {
  const { isPrimary, prefixes, loopback } = parseNodePortAddresses(values);
  return [...(isPrimary ? ['primary'] : []), ...prefixes.map(formatPrefix), ...loopback].join(' ');
};

describe('parseNodePortAddresses()', () => {
  for (const [values, wanted] of [
    ['', 'primary'],
    ['primary', 'primary'],
    ['all', '0.0.0.0/0 ::/0'],
    ['localhost', '4 6'],
    ['primary,localhost', 'primary 4 6'],
    ['10.0.0.0/8,fd00::/8', '10.0.0.0/8 fd00::/8'],
    ['0.0.0.0/0,127.0.0.1/32', '0.0.0.0/0 4'],
    ['127.0.0.0/8,::1/128', '4 6'],
    ['primary,10.0.0.0/8', 'primary 10.0.0.0/8'],
    ['126.0.0.0/7', '126.0.0.0/7'],
  ] as const) {
    it(`takes ${JSON.stringify(values)} for ${wanted}`, () =>
      assert.equal(meaning(...values.split(',').filter(Boolean)), wanted));
  }

  it('throws on what it does not know', () => {
    assert.throws(
      () => meaning('primary', 'secondary'),
      /must be primary, localhost, all, .*, not "secondary"/,
    );
  });
});

describe('nodePortAddressProblem()', () => {
  it('names what is possible', () => {
    assert.equal(
      nodePortAddressProblem('eth0'),
      'node port addresses must be primary, localhost, all, or a CIDR block (e.g. 10.100.0.0/16 or fde4:8dba:82e1::/48), not "eth0"',
    );
  });

  it('offers the network of an address with host bits', () => {
    assert.match(nodePortAddressProblem('10.1.2.3/8')!, /did you mean 10\.0\.0\.0\/8\?$/);
    assert.match(nodePortAddressProblem('10.1.2.3')!, /not "10\.1\.2\.3"$/);
    assert.equal(nodePortAddressProblem('10.0.0.0/8'), undefined);
  });
});
