// Broken input: the message or condition that kube-apiserver or the kubelet would give, and everything else goes on.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/poll.ts';
import { type TestCluster, startTestCluster } from '../support/test-cluster.ts';

const pod = (name: string, container: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec: { containers: [{ name: c, ${container} }] }
`;

describe('bad input', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster('bad', { nodes: 1 });
  });
  after(() => cluster?.down());

  const refusal = async (manifest: string, ...flags: string[]): Promise<string> => {
    const { code, stderr } = await cluster.tryKubectl(['apply', '-f', '-', ...flags], { input: manifest });
    assert.equal(code, 1);
    return stderr;
  };
  const waiting = (name: string, reason: string): Promise<boolean> =>
    eventually(`${name} waits with ${reason}`, async () => {
      const path = '{.status.containerStatuses[0].state.waiting.reason}';
      return (await cluster.kubectl(['get', 'pod', name, '-o', `jsonpath=${path}`])).includes(reason);
    });

  it('an unknown field is refused', async () => {
    const text = await refusal(pod('p', 'image: nginx, imagee: nginx'), '--validate=strict');
    assert.match(text, /strict decoding error: unknown field "spec\.containers\[0\]\.imagee"/);
  });

  it('a port out of range is refused, all findings at once', async () => {
    const text = await refusal(
      pod('p', 'image: nginx, ports: [{ containerPort: 99999 }, { containerPort: 0 }]'),
    );
    assert.match(text, /The Pod "p" is invalid/);
    assert.match(
      text,
      /spec\.containers\[0\]\.ports\[0\]\.containerPort: Invalid value: 99999: must be between 1 and 65535, inclusive/,
    );
  });

  it('a broken manifest is refused', async () => {
    assert.match(await refusal('apiVersion: v1\nkind: Pod\nmetadata: { name: [ }'), /error/);
    assert.match(
      await refusal('apiVersion: v1\nkind: Nope\nmetadata: { name: a }'),
      /no matches for kind "Nope" in version "v1"/,
    );
  });

  it('a name that is taken, a cluster IP that is taken or out of range, a node port out of range', async () => {
    await cluster.kubectl(['create', 'service', 'clusterip', 'a', '--tcp=80']);
    const twice = await cluster.tryKubectl(['create', 'service', 'clusterip', 'a', '--tcp=80']);
    assert.match(twice.stderr, /services "a" already exists/);
    const ip = await cluster.kubectl(['get', 'svc', 'a', '-o', 'jsonpath={.spec.clusterIP}']);
    const service = (spec: string): string =>
      `apiVersion: v1\nkind: Service\nmetadata: { name: b }\nspec: { ${spec} }\n`;
    assert.match(
      await refusal(service(`clusterIP: ${ip}, ports: [{ port: 80 }]`)),
      /provided IP is already allocated/,
    );
    assert.match(
      await refusal(service('clusterIP: 192.0.2.1, ports: [{ port: 80 }]')),
      /the provided network does not match the current range/,
    );
    assert.match(
      await refusal(service('type: NodePort, ports: [{ port: 80, nodePort: 80 }]')),
      /provided port is not in the valid range/,
    );
  });

  it('an image that is absent: ErrImagePull, then ImagePullBackOff, and the remedy in an event', async () => {
    await cluster.kubectl(['apply', '-f', '-'], pod('absent', 'image: example.org/nothing:1'));
    await waiting('absent', 'ImagePullBackOff');
    assert.match(
      await cluster.kubectl(['describe', 'pod', 'absent']),
      /example\.org\/nothing:1[\s\S]*podnet image load/,
    );
  });

  it('a crashing container: CrashLoopBackOff with its exit code', async () => {
    await cluster.kubectl(
      ['apply', '-f', '-'],
      pod('crash', "image: podnet/toolbox, command: [sh, -c, 'exit 3']"),
    );
    await waiting('crash', 'CrashLoopBackOff');
    const code = '{.status.containerStatuses[0].lastState.terminated.exitCode}';
    assert.equal(await cluster.kubectl(['get', 'pod', 'crash', '-o', `jsonpath=${code}`]), '3');
  });

  it('a command that is not there: the container cannot start, and says why', async () => {
    await cluster.kubectl(
      ['apply', '-f', '-'],
      pod('nocommand', 'image: podnet/toolbox, command: [/no/such/program]'),
    );
    await eventually('the reason', async () =>
      /no such file|not found/i.test(await cluster.kubectl(['describe', 'pod', 'nocommand'])),
    );
  });

  it('a missing ConfigMap: CreateContainerConfigError until it comes', async () => {
    const env = 'env: [{ name: A, valueFrom: { configMapKeyRef: { name: later, key: a } } }]';
    await cluster.kubectl(
      ['apply', '-f', '-'],
      pod('waits', `image: podnet/toolbox, command: [sleep, infinity], ${env}`),
    );
    await waiting('waits', 'CreateContainerConfigError');
    await cluster.kubectl(['create', 'configmap', 'later', '--from-literal=a=1']);
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/waits', '--timeout=90s']);
  });

  it('a pod that no node can take: Unschedulable with the reason', async () => {
    await cluster.kubectl(
      ['apply', '-f', '-'],
      pod('nowhere', 'image: nginx').replace('spec: {', 'spec: { nodeSelector: { disk: ssd },'),
    );
    await eventually('the condition', async () => {
      const message = "jsonpath={.status.conditions[?(@.type=='PodScheduled')].message}";
      return /0\/1 nodes are available/.test(await cluster.kubectl(['get', 'pod', 'nowhere', '-o', message]));
    });
  });

  it('everything else went on', async () => {
    await cluster.kubectl(['run', 'fine', '--image=nginx']);
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/fine', '--timeout=60s']);
  });
});
