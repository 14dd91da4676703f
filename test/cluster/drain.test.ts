// kubectl cordon, drain and uncordon, in two versions, on a whole cluster: DaemonSets stay, budgets are respected.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/poll.ts';
import { KUBECTL_VERSIONS, type TestCluster, startTestCluster } from '../support/test-cluster.ts';

const WORKLOADS = `apiVersion: apps/v1
kind: Deployment
metadata: { name: app }
spec:
  replicas: 2
  selector: { matchLabels: { app: app } }
  template: &pod
    metadata: { labels: { app: app } }
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: c, image: podnet/toolbox, command: [sleep, infinity] }] }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: c, image: podnet/toolbox, command: [sleep, infinity] }] }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: app }
spec: { minAvailable: 2, selector: { matchLabels: { app: app } } }
`;

describe('kubectl drain', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster('drain', { nodes: 2 });
  });
  after(() => cluster?.down());

  for (const version of KUBECTL_VERSIONS)
    it(`respects budgets and leaves DaemonSets: ${version}`, async () => {
      const namespace = `v${version.replace('.', '-')}`;
      const raw = (...args: readonly string[]) => cluster.tryKubectl(['-n', namespace, ...args], { version });
      const kubectl = async (...args: readonly string[]): Promise<string> => {
        const { code, stdout, stderr } = await raw(...args);
        assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
        return stdout;
      };
      const nodesOf = (app: string): Promise<string> =>
        kubectl('get', 'pods', '-l', `app=${app}`, '-o', 'jsonpath={.items[*].spec.nodeName}');
      await kubectl('create', 'namespace', namespace);
      await cluster.tryKubectl(['-n', namespace, 'apply', '-f', '-'], {
        version,
        input: WORKLOADS.replace('&pod', ''),
      });
      await kubectl('rollout', 'status', 'deployment/app', '--timeout=60s');
      await kubectl('rollout', 'status', 'daemonset/agent', '--timeout=60s');
      const [node] = (await nodesOf('app')).split(' ') as [string];

      assert.match(await kubectl('cordon', node), /cordoned/);
      assert.match(await kubectl('get', 'node', node), /Ready,SchedulingDisabled/);
      assert.match(await kubectl('uncordon', node), /uncordoned/);

      const refused = await raw('drain', node, '--timeout=5s');
      assert.match(refused.stderr, /cannot delete DaemonSet-managed Pods/);
      const stuck = await raw('drain', node, '--ignore-daemonsets', '--timeout=6s');
      assert.notEqual(stuck.code, 0);
      assert.match(stuck.stderr, /Cannot evict pod as it would violate the pod's disruption budget\./);

      await kubectl('patch', 'pdb', 'app', '--type=merge', '-p', '{"spec":{"minAvailable":1}}');
      await eventually('a pod may go', async () => / 1 +\d+s/.test(await kubectl('get', 'pdb', 'app')));
      assert.match(await kubectl('drain', node, '--ignore-daemonsets', '--timeout=60s'), /drained/);
      assert.equal((await nodesOf('app')).includes(node), false);
      assert.ok((await nodesOf('agent')).includes(node));
      await kubectl('uncordon', node);
      await kubectl('delete', 'namespace', namespace);
    });
});
