import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import type { Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { createDeniedEvents, deniedText } from './denied-events.ts';
import type { SeenFlow } from './flow-table.ts';

const web = { address: '10.1.0.1', namespace: 'shop', pod: 'web' };
const db = { address: '10.1.1.1', namespace: 'bank', pod: 'db' };
const denied: SeenFlow = {
  node: 'node-1',
  verdict: 'denied',
  source: web,
  destination: db,
  protocol: 'TCP',
  port: 5432,
  deniedBy: 'egress',
  egress: { because: 'isolated', policies: ['NetworkPolicy shop/a', 'NetworkPolicy shop/b'] },
};

const createLab = () => {
  const clock = createFakeClock();
  const told: string[] = [];
  const podOf = (key: string): Stored<Pod> | undefined =>
    key.endsWith('/gone')
      ? undefined
      : {
          metadata: {
            namespace: key.split('/')[0]!,
            name: key.split('/')[1]!,
            uid: key,
            resourceVersion: '1',
            creationTimestamp: '2026-01-01T00:00:00Z',
          },
        };
  const tell = createDeniedEvents({
    recorder: {
      record: (_, { metadata }, { type, reason, message }) =>
        void told.push(`${metadata.name}: ${type} ${reason} ${message}`),
    },
    podOf,
    clock,
  });
  return { clock, told, tell };
};

describe('createDeniedEvents()', () => {
  it('tells the pod whose policies denied the connection', () => {
    const { told, tell } = createLab();
    tell(denied);
    tell({
      ...denied,
      deniedBy: 'ingress',
      egress: { because: 'no policy', policies: [] },
      ingress: { because: 'rule', policies: ['ClusterNetworkPolicy deny'], rule: 'no-shops' },
    });
    tell({ ...denied, source: { ...web, pod: 'gone' } });
    tell({ ...denied, source: { address: '192.0.2.1' } });
    assert.deepEqual(told, [
      'web: Warning NetworkPolicyDenied egress to bank/db (10.1.1.1) TCP port 5432: isolated by NetworkPolicy shop/a, NetworkPolicy shop/b, no rule allows it',
      'db: Warning NetworkPolicyDenied ingress from shop/web (10.1.0.1) TCP port 5432: denied by ClusterNetworkPolicy deny, rule no-shops',
    ]);
  });

  it('names other ends and reasons too', () => {
    const text = (change: Partial<SeenFlow>): string => deniedText({ ...denied, ...change });
    assert.match(
      text({ destination: { address: '172.30.0.2', node: 'node-2' } }),
      /^egress to node node-2 \(172\.30\.0\.2\) TCP port 5432: isolated/,
    );
    assert.match(
      text({ protocol: 'ICMP', port: undefined, destination: { address: '192.0.2.1' } }),
      /^egress to 192\.0\.2\.1 ICMP: isolated/,
    );
    assert.match(
      text({ egress: { because: 'pending', policies: [] } }),
      /before the policies of this new pod/,
    );
    assert.match(text({ egress: { because: 'changed', policies: [] } }), /as they are now they allow it/);
  });

  it('is no flood: some for a pod, then one a minute; and a limit for the node', async () => {
    const { clock, told, tell } = createLab();
    const knock = (pod: string, times: number): void => {
      for (let port = 1; port <= times; port++) tell({ ...denied, source: { ...web, pod }, port });
    };
    knock('a', 1000);
    assert.equal(told.length, 10);
    await clock.advance(120_000);
    knock('a', 1000);
    assert.equal(told.length, 12);
    for (let pod = 0; pod < 100; pod++) knock(`pod-${pod}`, 10);
    assert.equal(told.length, 10 + 50);
    await clock.advance(1000);
    knock('another', 10);
    assert.equal(told.length, 10 + 50 + 1);
  });
});
