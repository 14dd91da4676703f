import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_NODES, MAX_SLOTS, planCluster } from './cluster-config.ts';
import { poolProblem } from './load-balancer-pools.ts';

const plan = (loadBalancerPools: readonly string[] = [], slot = 0, nodes = 3) =>
  planCluster({ name: 'demo', slot, nodes, zones: [], proxy: 'nftables', loadBalancerPools });
const alone = { others: [], hostAddresses: ['192.168.1.5'] };
const problem = (...pools: readonly string[]): string | undefined => poolProblem(plan(pools), alone);

describe('poolProblem()', () => {
  it('the default pools fit beside the largest cluster, in every slot, and beside each other', () => {
    const all = Array.from({ length: MAX_SLOTS }, (_, slot) => plan([], slot, MAX_NODES));
    for (const config of all) {
      const others = all.filter(({ slot }) => slot !== config.slot);
      assert.equal(poolProblem(config, { ...alone, others }), undefined);
    }
  });

  it('a range of the users is as good, of either family, and of one address', () => {
    assert.equal(
      problem('203.0.113.0/24', '192.168.1.240/28', '2001:db8::/120', '198.51.100.7/32'),
      undefined,
    );
  });

  it('says what is wrong with the others', () => {
    assert.match(problem('1.2.3.4')!, /^"1\.2\.3\.4" is not a CIDR such as/);
    assert.match(problem('203.0.113.1/24')!, /is not a CIDR/); // bits beyond the length
    assert.match(problem('0.0.0.0/4')!, /too wide/);
    assert.match(problem('127.0.0.0/24')!, /cannot be routed/);
    assert.match(problem('fe80::/64')!, /cannot be routed/);
    assert.match(problem('203.0.113.0/24', '203.0.113.128/25')!, /overlaps another pool, 203\.0\.113\.0\/24/);
    assert.match(problem('10.244.9.0/24')!, /overlaps a network of the cluster, 10\.244\.0\.0\/16/);
    assert.match(problem('172.30.0.0/28')!, /contains 172\.30\.0\.1, which the host or a node has/);
    assert.match(problem('192.168.1.0/28')!, /contains 192\.168\.1\.5,/);
    const others = [plan([], 1)];
    assert.match(
      poolProblem(plan(['172.30.1.64/28']), { ...alone, others })!,
      /overlaps a network of another cluster, 172\.30\.1\.0\/24/,
    );
  });
});
