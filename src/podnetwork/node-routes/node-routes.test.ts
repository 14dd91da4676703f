import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type GatewayRoutes, toText } from '../../ip/gateway-routes.ts';
import type { Node } from '../../k8s/generated/types.ts';
import { compileNodeRoutes } from './compile.ts';
import { selectNode } from './select.ts';

const node = (name: string, internalIps: readonly string[], podCIDRs: readonly string[]): Node => ({
  metadata: { name },
  spec: { podCIDRs },
  status: { addresses: internalIps.map((address) => ({ type: 'InternalIP', address })) },
});

const compile = (...nodes: readonly Node[]): GatewayRoutes =>
  compileNodeRoutes(nodes.map(selectNode), 'node-1');

const own = node('node-1', ['172.30.0.11'], ['10.244.0.0/24']);

describe('compileNodeRoutes()', () => {
  it('routes the others’ pod CIDRs via their InternalIP of the same family', () => {
    const other = node('node-2', ['172.30.0.12', 'fd00:172:30::c'], ['10.244.1.0/24', 'fd00:10:244:1::/64']);
    assert.equal(
      toText(compile(own, other)),
      '10.244.1.0/24 via 172.30.0.12\nfd00:10:244:1::/64 via fd00:172:30::c',
    );
  });

  it('knows the single podCIDR of old, and only InternalIPs', () => {
    const old: Node = {
      metadata: { name: 'old' },
      spec: { podCIDR: '10.244.7.0/24' },
      status: {
        addresses: [
          { type: 'ExternalIP', address: '203.0.113.7' },
          { type: 'InternalIP', address: '172.30.0.17' },
        ],
      },
    };
    assert.equal(toText(compile(own, old)), '10.244.7.0/24 via 172.30.0.17');
  });

  it('leaves out what is not known or not valid, and nothing else', () => {
    const half = node('half', ['172.30.0.13', 'no address'], ['10.244.2.0/24', 'fd00::/64', '10.244.3.1/24']);
    assert.equal(toText(compile(own, half, { metadata: { name: 'bare' } })), '10.244.2.0/24 via 172.30.0.13');
  });

  it('gives a CIDR that two nodes claim to the first by name, and never the own one away', () => {
    const [b, c] = ['node-2', 'node-3'].map((name, index) =>
      node(name, [`172.30.0.1${index + 2}`], ['10.244.9.0/24', '10.244.0.0/24']),
    ) as [Node, Node];
    assert.equal(toText(compile(c, own, b)), '10.244.9.0/24 via 172.30.0.12');
    assert.equal(toText(compile(b, c, own)), '10.244.9.0/24 via 172.30.0.12');
  });
});
