// Topology mode Auto in a whole cluster: who is in a zone reaches that zone's endpoints.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/poll.ts';
import { type TestCluster, startTestCluster } from '../support/test-cluster.ts';

const NODES = ['node-1', 'node-2', 'node-3'] as const;
const SERVER = 'exec socat TCP-LISTEN:8080,fork,reuseaddr SYSTEM:hostname';

/** On each node a pod that answers with its name, `web-NODE`. */
const pod = (node: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `web-${node}`, labels: { app: 'web' } },
  spec: {
    nodeName: node,
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'c', image: 'podnet/toolbox', command: ['sh', '-c', SERVER] }],
  },
});
const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', annotations: { 'service.kubernetes.io/topology-mode': 'Auto' } },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
};
const ATTEMPTS = 20;

describe('topology mode Auto', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster('zones', { nodes: 3, zones: 'a,b,c' });
    const objects = [...NODES.map(pod), SERVICE];
    await cluster.kubectl(
      ['apply', '-f', '-'],
      objects.map((object) => JSON.stringify(object)).join('\n---\n'),
    );
    await cluster.kubectl(['wait', 'pod', '-l', 'app=web', '--for=condition=Ready', '--timeout=60s']);
  });
  after(() => cluster?.down());

  /** Who answers the pod on that node, over many connections. */
  const answering = async (node: string): Promise<readonly string[]> => {
    const ip = await cluster.kubectl(['get', 'svc', 'web', '-o', 'jsonpath={.spec.clusterIP}']);
    const script = `for i in $(seq ${ATTEMPTS}); do socat -T 2 - TCP4:${ip}:80 < /dev/null; done`;
    const text = await cluster.kubectl(['exec', `web-${node}`, '--', 'sh', '-c', script]);
    const names = text.trim().split('\n');
    assert.equal(names.length, ATTEMPTS);
    return [...new Set(names)].sort();
  };
  const answers = (node: string, wanted: readonly string[]): Promise<unknown> =>
    eventually(`${node} is answered by ${wanted}`, async () => {
      assert.deepEqual(await answering(node), wanted);
      return true;
    });
  const all = NODES.map((node) => `web-${node}`);

  it('keeps connections in their zone', async () => {
    for (const node of NODES) await answers(node, [`web-${node}`]);
    assert.match(await cluster.kubectl(['get', 'events']), /TopologyAwareHintsEnabled +service\/web/);
  });

  it('lets all zones use all endpoints when they cannot be shared out, and says why', async () => {
    await cluster.kubectl(['delete', 'pod', 'web-node-3']);
    for (const node of ['node-1', 'node-2']) await answers(node, all.slice(0, 2));
    assert.match(
      await cluster.kubectl(['get', 'events']),
      /TopologyAwareHintsDisabled +service\/web +Insufficient number of endpoints \(2 endpoints, 3 zones\)/,
    );
    await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(pod('node-3')));
    for (const node of NODES) await answers(node, [`web-${node}`]);
  });

  it('ends with the annotation', async () => {
    await cluster.kubectl(['annotate', 'svc', 'web', 'service.kubernetes.io/topology-mode-']);
    for (const node of NODES) await answers(node, all);
  });
});
