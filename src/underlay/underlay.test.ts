// The pure half: names and the plan. The other half is test/kernel/underlay.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatAddress } from '../ip/address.ts';
import { formatPrefix } from '../ip/prefix.ts';
import { bridgeName, isBridgeName, isNetnsOf, linkGroup, nodeLinkName, nodeNetnsName } from './names.ts';
import { hostRoutes, hostRules, laterServiceRoutes, macOf, nodeDefaultRoutes } from './plan.ts';

const config = {
  name: 'demo',
  underlayCidrs: ['172.30.0.0/24', 'fd00:172:30::/64'],
  hostAddresses: ['172.30.0.1', 'fd00:172:30::1'],
  podCidrs: ['10.244.0.0/16', 'fd00:10:244::/48'],
  serviceCidrs: ['10.96.0.0/16', 'fd00:10:96::/112'],
  loadBalancerPools: ['172.30.0.224/27', 'fd00:172:30::1:0/112'],
  nodes: [
    { name: 'node-1', addresses: ['172.30.0.11', 'fd00:172:30::b'], podCidrs: ['10.244.0.0/24'] },
    { name: 'node-2', addresses: ['172.30.0.12', 'fd00:172:30::c'], podCidrs: ['10.244.1.0/24'] },
  ],
};

describe('laterServiceRoutes()', () => {
  const routes = (...cidrs: readonly string[]): readonly string[] =>
    laterServiceRoutes(config, cidrs).map(
      ({ destination, via }) => `${formatPrefix(destination)} via ${via.map(formatAddress).join(' ')}`,
    );

  it('go through any node of the family, once, and leave out those of the plan', () => {
    assert.deepEqual(routes('10.96.0.0/16', '10.120.0.0/24', 'fd00:120::/112', '10.120.0.0/24'), [
      '10.120.0.0/24 via 172.30.0.11 172.30.0.12',
      'fd00:120::/112 via fd00:172:30::b fd00:172:30::c',
    ]);
  });

  it('never take the traffic to pods, nodes or the world', () => {
    assert.deepEqual(routes('10.0.0.0/8', '172.30.0.128/25', '0.0.0.0/0', '::/0', 'fd00::/16'), []);
  });
});

describe('names', () => {
  it('names of links fit into 15 characters, stay the same, and differ between clusters and nodes', () => {
    const clusters = ['a', 'podnet', 'podnet-a', 'x'.repeat(20), `${'x'.repeat(19)}y`, 'node-1'];
    const names = clusters.flatMap((cluster) => [
      bridgeName(cluster),
      ...['node-1', 'node-2', 'node-200'].map((node) => nodeLinkName(cluster, node)),
    ]);
    assert.ok(names.every((name) => name.length <= 15));
    assert.equal(new Set(names).size, names.length);
    assert.equal(bridgeName('podnet'), 'pn-podnet');
    assert.ok(isBridgeName(bridgeName('x'.repeat(20))));
    assert.ok(clusters.every((cluster) => linkGroup(cluster) > 0));
  });

  it('isNetnsOf() tells clusters apart whose names begin alike', () => {
    assert.ok(isNetnsOf('a', nodeNetnsName('a', 'node-1')));
    assert.ok(isNetnsOf('a', `${nodeNetnsName('a', 'node-12')}-5f0c12ab`));
    assert.ok(!isNetnsOf('a', nodeNetnsName('a-b', 'node-1')));
    assert.ok(!isNetnsOf('a', `${nodeNetnsName('a-node-1', 'node-2')}-5f0c12ab`));
    assert.ok(!isNetnsOf('a', 'podnet-a-web'));
  });
});

describe('plan', () => {
  it('hostRoutes() sends pods’ packets to their nodes and Services’ to any', () => {
    assert.deepEqual(
      hostRoutes(config).map(({ destination, via }) => [
        formatPrefix(destination),
        ...via.map(formatAddress),
      ]),
      [
        ['10.244.0.0/16'],
        ['fd00:10:244::/48'],
        ['172.30.0.224/27'],
        ['fd00:172:30::1:0/112'],
        ['10.244.0.0/24', '172.30.0.11'],
        ['10.244.1.0/24', '172.30.0.12'],
        ['10.96.0.0/16', '172.30.0.11', '172.30.0.12'],
        ['fd00:10:96::/112', 'fd00:172:30::b', 'fd00:172:30::c'],
      ],
    );
  });

  it('nodeDefaultRoutes() go to the host with the node’s own address', () => {
    assert.deepEqual(
      nodeDefaultRoutes(config, config.nodes[0]!.addresses).map(({ destination, via, source }) =>
        [formatPrefix(destination), formatAddress(via), formatAddress(source)].join(' '),
      ),
      ['0.0.0.0/0 172.30.0.1 172.30.0.11', '::/0 fd00:172:30::1 fd00:172:30::b'],
    );
  });

  it('hostRules() masquerade what leaves the bridge', () => {
    assert.match(hostRules(config), /^ {4}ip saddr 172\.30\.0\.0\/24 oifname != "pn-demo" masquerade$/m);
    assert.match(hostRules(config), /^ {4}ip6 saddr fd00:172:30::\/64 oifname != "pn-demo" masquerade$/m);
  });

  it('macOf() follows from the address', () => {
    assert.equal(macOf('172.30.0.11'), '0a:58:ac:1e:00:0b');
  });
});
