import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { policy, worldOf } from '../../../test/support/policy-world.ts';
import type { Flow, FlowEnd } from '../../policy/flows/flow.ts';
import { flowEffects } from './flow-effects.ts';

const WORLD = worldOf({
  namespaces: { shop: '' },
  pods: { 'shop/web': 'app=web 10.1.0.1', 'shop/db': 'app=db 10.1.0.2' },
});

const endOf = (text: string): FlowEnd => {
  const [address = '', pod] = text.split(' ');
  return { address, ...(pod && { namespace: 'shop', pod }) };
};

const flowOf = (source: string, destination: string, port: number): Flow => ({
  kind: 'Flow',
  node: 'node-1',
  verdict: 'allowed',
  source: endOf(source),
  destination: endOf(destination),
  protocol: 'TCP',
  port,
  connections: 3,
  firstSeen: '2026-11-30T00:00:00Z',
  lastSeen: '2026-11-30T00:00:00Z',
});

const CLOSED = policy('shop/closed', { podSelector: {} });
const SQL = policy('shop/sql', { podSelector: {}, ingress: [{ ports: [{ port: 5432 }] }] });

const FLOWS = [
  flowOf('10.1.0.1 web', '10.1.0.2 db', 5432),
  flowOf('10.1.0.1 web', '10.1.0.2 db', 80),
  flowOf('192.0.2.1', '10.1.0.2 db', 80),
  flowOf('10.1.0.1 web', '192.0.2.1', 443),
  flowOf('10.1.0.2 db', '10.1.0.2 db', 80),
  flowOf('10.1.0.1 web', '10.1.0.2 gone', 80), // the address is another pod's by now
];

const effects = (before: (typeof CLOSED)[], after: (typeof CLOSED)[]): readonly string[] =>
  flowEffects({ ...WORLD, policies: before }, after, FLOWS).map(
    ({ effect, flow: { source, destination, port } }) =>
      `${source.address} > ${destination.address}:${port} ${effect}`,
  );

describe('flowEffects()', () => {
  it('names what would be cut, and what would be opened', () => {
    const denied = ['10.1.0.1 > 10.1.0.2:80', '192.0.2.1 > 10.1.0.2:80', '10.1.0.2 > 10.1.0.2:80'];
    assert.deepEqual(
      effects([], [SQL]),
      denied.map((each) => `${each} cut`),
    );
    assert.deepEqual(
      effects([SQL], []),
      denied.map((each) => `${each} opened`),
    );
    assert.deepEqual(effects([CLOSED], [CLOSED, SQL]), ['10.1.0.1 > 10.1.0.2:5432 opened']);
    assert.deepEqual(effects([CLOSED], [CLOSED]), []);
  });

  it('says which policies', () => {
    const [first] = flowEffects(WORLD, [CLOSED], FLOWS);
    assert.equal(
      first?.because,
      'ingress denied: isolated by NetworkPolicy shop/closed, and no rule allows it',
    );
  });
});
