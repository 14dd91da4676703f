// StatefulSets and DaemonSets with real pods on three nodes: order, names that stay, rollouts, taints.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/poll.ts';
import { type TestCluster, startTestCluster } from '../support/test-cluster.ts';

const POD_SPEC = `{ terminationGracePeriodSeconds: 1,
  containers: [{ name: c, image: podnet/toolbox, command: [sleep, infinity], env: [{ name: V, value: 'VERSION' }] }] }`;

const statefulSet = (version: string, partition: number): string => `apiVersion: v1
kind: Service
metadata: { name: db }
spec: { clusterIP: None, selector: { app: db }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  serviceName: db
  replicas: 3
  selector: { matchLabels: { app: db } }
  updateStrategy: { rollingUpdate: { partition: ${partition} } }
  template: { metadata: { labels: { app: db } }, spec: ${POD_SPEC.replace('VERSION', version)} }
`;

const daemonSet = (version: string): string => `apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent }
spec:
  selector: { matchLabels: { app: agent } }
  template: { metadata: { labels: { app: agent } }, spec: ${POD_SPEC.replace('VERSION', version)} }
`;

describe('workloads on three nodes', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster('workloads', { nodes: 3 });
  });
  after(() => cluster?.down());

  const kubectl = (...args: readonly string[]): Promise<string> => cluster.kubectl(args);
  const apply = (yaml: string): Promise<string> => cluster.kubectl(['apply', '-f', '-'], yaml);
  const rolledOut = (what: string): Promise<string> => kubectl('rollout', 'status', what, '--timeout=90s');
  /** One line a pod. */
  const podsOf = async (app: string, ...fields: readonly string[]): Promise<readonly string[]> => {
    const line = fields.map((field) => `{${field}}`).join(' ');
    const text = await kubectl(
      'get',
      'pods',
      '-l',
      `app=${app}`,
      '-o',
      `jsonpath={range .items[*]}${line}{"\\n"}{end}`,
    );
    return text.trim().split('\n').toSorted();
  };
  const VERSION = '.spec.containers[0].env[0].value';

  describe('a StatefulSet', () => {
    const versions = (): Promise<readonly string[]> => podsOf('db', '.metadata.name', VERSION);
    /** Whether the pod's name, as another pod asks for it, is that address. */
    const isNamed = async (name: string, address: string): Promise<boolean> => {
      const question = ['exec', 'db-0', '--', 'nslookup', `${name}.db.default.svc.cluster.local`];
      return (await cluster.tryKubectl(question)).stdout.split(/\s+/).includes(address);
    };

    it('starts one pod after the other', async () => {
      await apply(statefulSet('1', 0));
      assert.match(
        await rolledOut('statefulset/db'),
        /partitioned roll out complete|rolling update complete/,
      );
      assert.deepEqual(await versions(), ['db-0 1', 'db-1 1', 'db-2 1']);
      const ready = '.status.conditions[?(@.type=="Ready")].lastTransitionTime';
      const times = await podsOf('db', '.metadata.name', '.metadata.creationTimestamp', ready);
      const [first, second, third] = times.map((line) => line.split(' '));
      assert.ok(second![1]! >= first![2]!, `${times.join()}: the first is ready before the second is made`);
      assert.ok(third![1]! >= second![2]!, `${times.join()}: and so on`);
    });

    it('gives each pod a name that stays', async () => {
      const read = (path: string): Promise<string> =>
        kubectl('get', 'pod', 'db-2', '-o', `jsonpath={${path}}`);
      const [address, uid] = [await read('.status.podIP'), await read('.metadata.uid')];
      await eventually('its name', () => isNamed('db-2', address));
      assert.equal(await kubectl('exec', 'db-2', '--', 'hostname'), 'db-2\n');
      await kubectl('delete', 'pod', 'db-2');
      await eventually('another pod', async () => (await read('.metadata.uid')) !== uid);
      await kubectl('wait', 'pod/db-2', '--for=condition=Ready', '--timeout=60s');
      const next = await read('.status.podIP');
      await eventually('the name of the new one', () => isNamed('db-2', next));
    });

    it('updates down to the partition, goes on, and back', async () => {
      await apply(statefulSet('2', 2));
      assert.match(
        await rolledOut('statefulset/db'),
        /partitioned roll out complete: 1 new pods have been updated/,
      );
      assert.deepEqual(await versions(), ['db-0 1', 'db-1 1', 'db-2 2']);
      await apply(statefulSet('2', 0));
      await rolledOut('statefulset/db');
      assert.deepEqual(await versions(), ['db-0 2', 'db-1 2', 'db-2 2']);
      assert.match(await kubectl('rollout', 'history', 'statefulset/db'), /REVISION[\s\S]*1[\s\S]*2/);
      await kubectl('rollout', 'undo', 'statefulset/db');
      await rolledOut('statefulset/db');
      assert.deepEqual(await versions(), ['db-0 1', 'db-1 1', 'db-2 1']);
    });

    it('shrinks from the end', async () => {
      await kubectl('scale', 'statefulset', 'db', '--replicas=1');
      await eventually('one pod', async () => (await versions()).join() === 'db-0 1');
      await kubectl('delete', 'statefulset', 'db');
    });
  });

  describe('a DaemonSet', () => {
    const onNodes = async (): Promise<string> =>
      (await podsOf('agent', '.spec.nodeName', VERSION, '.status.phase')).join();
    const become = (...nodes: readonly string[]): Promise<unknown> =>
      eventually(`pods on ${nodes.join()}`, async () => {
        assert.equal(await onNodes(), nodes.map((node) => `${node} Running`).join());
        return true;
      });

    it('has a pod on each node, and on a cordoned one too', async () => {
      await kubectl('cordon', 'node-3');
      await apply(daemonSet('1'));
      assert.match(await rolledOut('daemonset/agent'), /daemon set "agent" successfully rolled out/);
      await become('node-1 1', 'node-2 1', 'node-3 1');
      await kubectl('uncordon', 'node-3');
    });

    it('leaves a tainted node, and comes back', async () => {
      await kubectl('taint', 'node', 'node-2', 'gpu=yes:NoExecute');
      await become('node-1 1', 'node-3 1');
      await kubectl('taint', 'node', 'node-2', 'gpu-');
      await become('node-1 1', 'node-2 1', 'node-3 1');
    });

    it('rolls out, restarts and goes back', async () => {
      await apply(daemonSet('2'));
      await rolledOut('daemonset/agent');
      await become('node-1 2', 'node-2 2', 'node-3 2');
      await kubectl('rollout', 'restart', 'daemonset/agent');
      await rolledOut('daemonset/agent');
      await kubectl('rollout', 'undo', 'daemonset/agent', '--to-revision=1');
      await rolledOut('daemonset/agent');
      await become('node-1 1', 'node-2 1', 'node-3 1');
      assert.match(await kubectl('describe', 'daemonset', 'agent'), /SuccessfulCreate/);
    });
  });
});
