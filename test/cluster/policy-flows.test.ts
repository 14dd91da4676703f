// What a cluster tells about connections and policies: `podnet flows`, events on pods, and the condition Enforced.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createInterface } from 'node:readline';
import type { Flow } from '../../src/policy/flows/flow.ts';
import { eventually } from '../support/poll.ts';
import { KUBECTL_VERSIONS, startTestCluster } from '../support/test-cluster.ts';
import type { TestCluster } from '../support/test-cluster.ts';

const NAME = 'polflows';

const pod = (name: string, node: string, command: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }
spec:
  nodeName: ${node}
  terminationGracePeriodSeconds: 0
  containers: [{ name: main, image: podnet/toolbox, command: [sh, -c, "${command}"] }]
`;

const policy = (port: number): string => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: shop }
spec:
  podSelector: { matchLabels: { app: web } }
  ingress: [{ from: [{ podSelector: { matchLabels: { app: client } } }], ports: [{ port: ${port} }] }]
`;

const CLUSTER = [
  'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n',
  pod('web', 'node-2', 'socat TCP-LISTEN:8080,fork,reuseaddr EXEC:date & exec sleep infinity'),
  pod('client', 'node-1', 'exec sleep infinity'),
  policy(8080),
].join('---');

describe('flows and policies that are told of', () => {
  let cluster: TestCluster;
  let webIp: string;
  before(async () => {
    cluster = await startTestCluster(NAME, { nodes: 2 });
    await cluster.kubectl(['apply', '-f', '-'], CLUSTER);
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pods', '--all', '-n', 'shop', '--timeout=60s']);
    webIp = await cluster.kubectl(['get', 'pod', 'web', '-n', 'shop', '-o', 'jsonpath={.status.podIP}']);
  });
  after(() => cluster?.down());

  const dial = async (port: number): Promise<boolean> => {
    const command = ['exec', 'client', '-n', 'shop', '--', 'nc', '-w1', webIp, String(port)];
    return (await cluster.tryKubectl(command)).code === 0;
  };
  const flowsOf = async (...args: readonly string[]): Promise<readonly Flow[]> => {
    const { code, stdout, stderr } = await cluster.podnet(['flows', '-o', 'json', ...args]);
    assert.equal(code, 0, stderr);
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Flow);
  };

  for (const version of KUBECTL_VERSIONS)
    it(`kubectl ${version} wait --for=condition=Enforced: when every node has the policy, and each change of it`, async () => {
      const wait = ['wait', '--for=condition=Enforced', 'networkpolicy/web', '-n', 'shop', '--timeout=20s'];
      assert.equal((await cluster.tryKubectl(wait, { version })).code, 0);
      for (const port of [8081, 8080]) {
        await cluster.kubectl(['apply', '-f', '-'], policy(port));
        assert.equal((await cluster.tryKubectl(wait, { version })).code, 0);
        assert.equal(await dial(8080), port === 8080, `enforced: ${port}`);
      }
    });

  it('podnet flows: allowed and denied connections with their pods and the policy', async () => {
    assert.deepEqual([await dial(8080), await dial(9090)], [true, false]);
    await eventually('both flows', async () => {
      const flows = (await flowsOf('--pod', 'shop/web', '--since', '1m')).filter(
        ({ port, verdict }) => port === (verdict === 'allowed' ? 8080 : 9090),
      );
      assert.deepEqual(
        flows
          .map(({ verdict, source, destination, protocol, port, ingress, node }) => ({
            ...{ verdict, protocol, port, ingress, node },
            ...{ source: source.pod, destination: destination.pod },
          }))
          .toSorted((a, b) => a.port! - b.port!),
        [
          {
            ...{ verdict: 'allowed', protocol: 'TCP', port: 8080, node: 'node-2' },
            ingress: { because: 'rule', policies: ['NetworkPolicy shop/web'], rule: 0 },
            ...{ source: 'client', destination: 'web' },
          },
          {
            ...{ verdict: 'denied', protocol: 'TCP', port: 9090, node: 'node-2' },
            ingress: { because: 'isolated', policies: ['NetworkPolicy shop/web'] },
            ...{ source: 'client', destination: 'web' },
          },
        ],
      );
      return true;
    });
    assert.deepEqual(
      [...new Set((await flowsOf('--verdict', 'denied')).map(({ verdict }) => verdict))],
      ['denied'],
    );
    assert.deepEqual(await flowsOf('--policy', 'shop/nobody'), []);
    const { stdout } = await cluster.podnet(['flows', '--policy', 'shop/web', '--verdict', 'denied']);
    assert.match(stdout, /^LAST SEEN +VERDICT +SOURCE +DESTINATION +PORT +COUNT +POLICY$/m);
    assert.match(
      stdout,
      /^\d\d:\d\d:\d\d +denied +shop\/client +shop\/web +9090\/TCP +\d+ +ingress: isolated by shop\/web$/m,
    );
  });

  it('podnet flows -f: goes on with those that come', async () => {
    const program = join(import.meta.dirname, '../../src/cli.ts');
    const args = ['flows', '-f', '-o', 'json', '--verdict', 'denied', '--since', '0s', '--name', NAME];
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const ports = new Set<number | undefined>();
      createInterface(child.stdout).on('line', (line) => ports.add((JSON.parse(line) as Flow).port));
      await eventually('the connection that was denied meanwhile', async () => {
        await dial(9191);
        return ports.has(9191);
      });
    } finally {
      child.kill();
    }
  });

  it('kubectl describe pod: what its policies denied', async () => {
    await dial(9292);
    await eventually('the event', async () =>
      /Warning +NetworkPolicyDenied .*ingress from shop\/client \(\S+\) TCP port 9292: isolated by NetworkPolicy shop\/web, no rule allows it/.test(
        await cluster.kubectl(['describe', 'pod', 'web', '-n', 'shop']),
      ),
    );
  });
});
