import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Flow } from '../../policy/flows/flow.ts';
import { flowHeader, flowText } from './flow-text.ts';

const flow: Flow = {
  kind: 'Flow',
  node: 'node-1',
  verdict: 'allowed',
  source: { address: '10.1.0.2', namespace: 'shop', pod: 'client' },
  destination: { address: '10.1.0.1', namespace: 'shop', pod: 'web' },
  protocol: 'TCP',
  port: 80,
  egress: { because: 'no policy', policies: [] },
  ingress: { because: 'rule', policies: ['NetworkPolicy shop/web'], rule: 0 },
  connections: 3,
  firstSeen: '2026-01-01T00:00:00.000Z',
  lastSeen: '2026-01-01T00:00:01.000Z',
};

const cells = (changed: Partial<Flow>): readonly string[] =>
  flowText({ ...flow, ...changed })
    .split(/ {2,}/)
    .slice(1);

it('a flow is a row: who, where, how often, and by which policy', () => {
  const policies = ['NetworkPolicy shop/a', 'ClusterNetworkPolicy b'];
  assert.deepEqual(flowHeader().split(/ {2,}/).slice(1), [
    'VERDICT',
    'SOURCE',
    'DESTINATION',
    'PORT',
    'COUNT',
    'POLICY',
  ]);
  assert.deepEqual(cells({}), [
    'allowed',
    'shop/client',
    'shop/web',
    '80/TCP',
    '3',
    'ingress: shop/web rule 0',
  ]);
  assert.deepEqual(
    cells({
      verdict: 'denied',
      deniedBy: 'egress',
      egress: { because: 'isolated', policies },
      destination: { address: '192.0.2.1' },
      protocol: 'ICMP',
      port: undefined,
    }).slice(2),
    ['192.0.2.1', 'ICMP', '3', 'egress: isolated by shop/a, b'],
  );
  assert.deepEqual(
    cells({ source: { address: '172.30.0.2', node: 'node-2' }, egress: undefined, ingress: undefined }),
    ['allowed', 'node node-2', 'shop/web', '80/TCP', '3', '<none>'],
  );
});

it('later rows stand below earlier ones', () => {
  assert.equal(flowHeader().indexOf('POLICY'), flowText(flow).indexOf('ingress:'));
});
