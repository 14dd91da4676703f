import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planCluster } from '../embedded/cluster-config.ts';
import { type ClusterFlags, checkFlags } from './kept-cluster.ts';

const config = planCluster({ name: 'demo', slot: 0, nodes: 3, zones: ['a', 'b'], proxy: 'nftables' });
const pem = { certificate: '', key: '' };
const kept = { config, keys: { authority: pem, tokens: { privateKey: '', publicKey: '' } } };
const problem = (flags: Partial<ClusterFlags>): string => {
  try {
    checkFlags('/s', kept, { name: 'demo', ...flags });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('checkFlags()', () => {
  it('takes flags that are not given, and those that say the same', () => {
    assert.equal(problem({}), '');
    const same = { nodes: 3, zones: ['a', 'b'], proxy: 'nftables', nodePortAddresses: ['primary'] } as const;
    assert.equal(problem({ ...same, loadBalancerPools: config.loadBalancerPools }), '');
  });

  it('names the flag that says something else, what it says and what is kept', () => {
    assert.match(problem({ name: 'x' }), /^\/s holds the state of cluster "demo": give '--name demo'/);
    assert.match(problem({ nodes: 2 }), /^--nodes 2: the cluster of \/s has 3, which cannot be changed/);
    assert.match(problem({ zones: ['a'] }), /^--zones a,a,a: .* has a,b,a,/);
    assert.match(problem({ proxy: 'ebpf' }), /^--proxy ebpf: .* has nftables,/);
    assert.match(problem({ loadBalancerPools: ['10.0.0.0/24'] }), /^--load-balancer-pool 10/);
    assert.match(problem({ nodePortAddresses: ['all'] }), /^--nodeport-addresses all: .* has primary,/);
    assert.match(problem({ policyLiveConnections: 'keep' }), /^--policy-live-connections keep: .* has cut,/);
  });
});
