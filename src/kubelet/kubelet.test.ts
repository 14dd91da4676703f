import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { eventually } from '../../test/support/poll.ts';
import { boundPod, startTestKubelet } from '../../test/support/test-kubelet.ts';
import type { TestKubelet } from '../../test/support/test-kubelet.ts';
import type { ContainerStatus, Pod } from '../k8s/generated/types.ts';
import { ApiError, failure } from '../k8s/api-error.ts';
import { configMaps, leases, nodes, pods, services } from '../k8s/resources.ts';

let test: TestKubelet;
beforeEach(async () => {
  test = await startTestKubelet();
});
afterEach(() => test.stop());

const run = async (pod: Pod, ms = 1000): Promise<void> => {
  test.client.put(pods, pod);
  await test.clock.advance(ms);
};
const condition = (pod: Pod, type: string): string | undefined =>
  pod.status?.conditions?.find((each) => each.type === type)?.status;
const first = (pod: Pod): ContainerStatus => pod.status!.containerStatuses![0]!;
const remove = (name: string, graceSeconds: number): void => {
  const pod = test.pod(name);
  const metadata = {
    ...pod.metadata,
    deletionTimestamp: new Date(test.clock.now()).toISOString(),
    deletionGracePeriodSeconds: graceSeconds,
  };
  test.client.put(pods, { ...pod, metadata });
};

/** Folders are removed in the background, in real time. */
const allGone = (): Promise<unknown> =>
  eventually('the objects are gone', () => test.client.all(pods).length === 0);

describe('startKubelet()', () => {
  it('registers the node as Ready and keeps its lease', async () => {
    await test.kubelet.whenRegistered();
    const [node] = test.client.all(nodes);
    assert.equal(node!.status!.conditions!.find(({ type }) => type === 'Ready')!.reason, 'KubeletReady');
    assert.equal(node!.metadata.labels!['topology.kubernetes.io/zone'], 'a');
    assert.deepEqual(node!.status!.addresses!.at(-1), { type: 'Hostname', address: 'node-1' });
    const renewed = (): string | undefined => test.client.all(leases)[0]?.spec?.renewTime;
    await test.clock.advance(0);
    const before = renewed();
    await test.clock.advance(10_000);
    assert.notEqual(renewed(), before);
  });

  it('keeps what others set on an existing Node', async () => {
    const [node] = test.client.all(nodes);
    test.client.put(nodes, { ...node!, spec: { ...node!.spec, unschedulable: true } });
    await test.restart().then((next) => (test = next));
    assert.equal(test.client.all(nodes)[0]!.spec!.unschedulable, true);
  });

  it('runs a pod until it is Ready, with few writes and the events of kubelet', async () => {
    await run(boundPod('a'));
    const { status } = test.pod('a');
    assert.equal(status!.phase, 'Running');
    assert.equal(status!.qosClass, 'BestEffort');
    assert.deepEqual(
      status!.conditions!.map(({ type, status: is }) => `${type}=${is}`),
      [
        'PodReadyToStartContainers=True',
        'Initialized=True',
        'Ready=True',
        'ContainersReady=True',
        'PodScheduled=True',
      ],
    );
    assert.deepEqual(status!.podIPs!.length, 2);
    assert.equal(status!.hostIP, '172.30.0.11');
    assert.match(first(test.pod('a')).containerID!, /^podnet:\/\/container-/);
    assert.deepEqual(test.told(), [
      'Pulled: Container image "podnet/toolbox" already present on machine and can be accessed by the pod',
      'Created: Container created',
      'Started: Container started',
    ]);
    const writes = test.client.calls.filter(
      ({ verb, resource }) => verb === 'updateStatus' && resource === 'pods',
    );
    assert.equal(writes.length, 1);
  });

  it('runs init containers one after the other, sidecars from their place on', async () => {
    const init = (name: string, extra = {}) => ({
      name,
      image: 'podnet/toolbox',
      imagePullPolicy: 'Never',
      ...extra,
    });
    await run(
      boundPod('a', {
        initContainers: [init('one'), init('side', { restartPolicy: 'Always' }), init('two')],
      }),
    );
    assert.equal(test.pod('a').status!.phase, 'Pending');
    assert.equal(first(test.pod('a')).state!.waiting!.reason, 'PodInitializing');
    test.runtime.exit('one', 0);
    await test.clock.advance(1000);
    test.runtime.exit('two', 0);
    await test.clock.advance(1000);
    const starts = test.runtime.calls.filter((call) => call.startsWith('startContainer'));
    assert.deepEqual(starts, [
      'startContainer one#0',
      'startContainer side#0',
      'startContainer two#0',
      'startContainer web#0',
    ]);
    assert.equal(condition(test.pod('a'), 'Ready'), 'True');
  });

  it('restarts a crashing container at once, then with back-off, and says so', async () => {
    await run(boundPod('a'));
    test.runtime.exit('web', 3);
    await test.clock.advance(1000);
    assert.equal(first(test.pod('a')).restartCount, 1);
    test.runtime.exit('web', 3);
    await test.clock.advance(1000);
    const { state, lastState, ready } = first(test.pod('a'));
    assert.equal(ready, false);
    assert.equal(state!.waiting!.reason, 'CrashLoopBackOff');
    const { uid } = test.pod('a').metadata!;
    assert.equal(
      state!.waiting!.message,
      `back-off 10s restarting failed container=web pod=a_default(${uid})`,
    );
    assert.equal(lastState!.terminated!.exitCode, 3);
    await test.clock.advance(10_000);
    assert.equal(first(test.pod('a')).restartCount, 2);
    assert.ok(first(test.pod('a')).state!.running);
    assert.ok(
      test.told().includes(`BackOff: Back-off restarting failed container web in pod a_default(${uid})`),
    );
  });

  it('ends a pod by its restart policy and gives its addresses back', async () => {
    await run(boundPod('a', { restartPolicy: 'Never' }));
    test.runtime.exit('web', 0);
    await test.clock.advance(1000);
    assert.equal(test.pod('a').status!.phase, 'Succeeded');
    assert.equal(test.pod('a').status!.podIPs!.length, 2);
    assert.deepEqual(test.runtime.calls.at(-1), 'stopPodSandbox sandbox-1');
    await run(boundPod('b', { restartPolicy: 'OnFailure' }));
    test.runtime.exit('web', 1);
    await test.clock.advance(1000);
    assert.equal(first(test.pod('b')).restartCount, 1);
  });

  it('waits for an image with ErrImagePull, then ImagePullBackOff, until it is there', async () => {
    await run(boundPod('a', { containers: [{ image: 'example.org/nothing:1' }] }), 100);
    assert.equal(first(test.pod('a')).state!.waiting!.reason, 'ErrImagePull');
    await test.clock.advance(2000);
    const { waiting } = first(test.pod('a')).state!;
    assert.equal(waiting!.reason, 'ImagePullBackOff');
    assert.match(
      waiting!.message!,
      /^Back-off pulling image "example.org\/nothing:1": ErrImagePull: .*podnet image load/,
    );
    test.runtime.images.set('example.org/nothing:1', 'sha256:something');
    await test.clock.advance(10_000);
    assert.equal(condition(test.pod('a'), 'Ready'), 'True');
  });

  it('waits for a missing ConfigMap with CreateContainerConfigError', async () => {
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'later', key: 'a' } } }];
    await run(boundPod('a', { containers: [{ env }] }));
    assert.deepEqual(first(test.pod('a')).state!.waiting, {
      reason: 'CreateContainerConfigError',
      message: 'configmap "later" not found',
    });
    test.client.put(configMaps, { metadata: { name: 'later', namespace: 'default' }, data: { a: '1' } });
    await test.clock.advance(10_000);
    assert.deepEqual(test.runtime.configOf('web').env, [{ name: 'A', value: '1' }]);
    assert.ok(test.told().includes('Failed: Error: configmap "later" not found'));
  });

  it('gives Services of the namespace, and kubernetes, as variables', async () => {
    const service = (name: string, namespace: string, clusterIP: string) => ({
      metadata: { name, namespace },
      spec: { clusterIP, ports: [{ port: 80 }] },
    });
    test.client.put(services, service('kubernetes', 'default', '10.96.0.1'));
    test.client.put(services, service('my-nginx', 'ns', '10.96.0.2'));
    test.client.put(services, service('other', 'else', '10.96.0.3'));
    await run(boundPod('a', {}, { namespace: 'ns' }));
    const names = test.runtime.configOf('web').env.map(({ name }) => name);
    assert.ok(names.includes('MY_NGINX_SERVICE_HOST') && names.includes('KUBERNETES_SERVICE_HOST'));
    assert.ok(!names.includes('OTHER_SERVICE_HOST'));
  });

  it('mounts a ConfigMap, waits for it with FailedMount, and refreshes it within two minutes', async () => {
    const map = (text: string) => ({
      metadata: { name: 'conf', namespace: 'default' },
      data: { 'a.conf': text },
    });
    const volumes = [{ name: 'v', configMap: { name: 'conf' } }];
    await run(
      boundPod('a', { volumes, containers: [{ volumeMounts: [{ name: 'v', mountPath: '/etc/conf' }] }] }),
    );
    assert.ok(
      test
        .told()
        .includes('FailedMount: MountVolume.SetUp failed for volume "v" : configmap "conf" not found'),
    );
    test.client.put(configMaps, map('one'));
    await test.clock.advance(10_000);
    const mount = test.runtime
      .configOf('web')
      .mounts.find(({ containerPath }) => containerPath === '/etc/conf')!;
    assert.equal(mount.readonly, true);
    assert.equal(readFileSync(`${mount.hostPath}/a.conf`, 'utf8'), 'one');
    test.client.put(configMaps, map('two'));
    await test.clock.advance(120_000);
    assert.equal(readFileSync(`${mount.hostPath}/a.conf`, 'utf8'), 'two');
  });

  it('kills a container whose liveness probe fails, and restarts it', async () => {
    test.runtime.onExecSync(() => ({ exitCode: 1, stdout: Buffer.from('dead'), stderr: Buffer.alloc(0) }));
    const livenessProbe = { exec: { command: ['check'] }, periodSeconds: 1, failureThreshold: 2 };
    await run(boundPod('a', { containers: [{ livenessProbe }] }), 3500);
    assert.equal(first(test.pod('a')).restartCount, 1);
    assert.ok(test.told().includes('Unhealthy: Liveness probe failed: dead'));
    assert.ok(test.told().includes('Killing: Container web failed liveness probe, will be restarted'));
  });

  it('is Ready soon after the readiness probe can succeed, long before its period is over', async () => {
    let exitCode = 1;
    test.runtime.onExecSync(() => ({ exitCode, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }));
    await run(boundPod('a', { containers: [{ readinessProbe: { exec: { command: ['check'] } } }] }), 500);
    assert.equal(condition(test.pod('a'), 'Ready'), 'False');
    exitCode = 0;
    await test.clock.advance(500);
    assert.equal(condition(test.pod('a'), 'Ready'), 'True');
    assert.ok(!test.told().some((event) => event.startsWith('Unhealthy')));
  });

  it('deletes gracefully: preStop, stop, status, then the object with its uid', async () => {
    const lifecycle = { preStop: { exec: { command: ['bye'] } } };
    await run(boundPod('a', { containers: [{ lifecycle }] }));
    const { uid } = test.pod('a').metadata!;
    remove('a', 7);
    await test.clock.advance(1000);
    assert.deepEqual(test.runtime.calls.slice(-5), [
      'execSync web#0 bye',
      'stopContainer web#0 7s',
      'stopPodSandbox sandbox-1',
      'removeContainer web#0',
      'removePodSandbox sandbox-1',
    ]);
    await allGone();
    assert.deepEqual(test.client.calls.findLast(({ verb }) => verb === 'delete')!.body, {
      uid,
      gracePeriodSeconds: 0,
    });
    assert.equal(existsSync(`${test.stateFolder}/pods/${uid}`), false);
    assert.ok(test.told().includes('Killing: Stopping container web'));
  });

  it('is not held up by a postStart hook that hangs, and kills a container whose hook fails', async () => {
    test.runtime.onExecSync(() => new Promise(() => {}));
    const lifecycle = { postStart: { exec: { command: ['hook'] } } };
    await run(boundPod('a', { containers: [{ lifecycle }] }));
    assert.equal(first(test.pod('a')).state!.waiting!.reason, 'ContainerCreating');
    remove('a', 7);
    await test.clock.advance(2000);
    await allGone();
    test.runtime.onExecSync(() => ({ exitCode: 1, stdout: Buffer.alloc(0), stderr: Buffer.from('no') }));
    await run(boundPod('b', { containers: [{ lifecycle }] }));
    assert.ok(test.told().includes('FailedPostStartHook: PostStartHook failed'));
    assert.ok(test.runtime.calls.includes('stopContainer web#0 30s'));
  });

  it('ends a pod whose time is over', async () => {
    await run(boundPod('a', { activeDeadlineSeconds: 5 }));
    assert.equal(test.pod('a').status!.phase, 'Running');
    await test.clock.advance(5000);
    const { phase, reason } = test.pod('a').status!;
    assert.deepEqual([phase, reason], ['Failed', 'DeadlineExceeded']);
    assert.ok(test.runtime.calls.includes('stopContainer web#0 30s'));
  });

  it('ends a pod that asks for the machine’s processes, before anything of it is made', async () => {
    await run(boundPod('a', { hostPID: true, hostIPC: true }));
    const { phase, reason, message, containerStatuses } = test.pod('a').status!;
    assert.equal(containerStatuses, undefined);
    assert.deepEqual(
      [phase, reason, message],
      [
        'Failed',
        'HostNamespaceForbidden',
        'Pod was rejected: podnet does not support spec.hostPID and spec.hostIPC',
      ],
    );
    assert.deepEqual(test.runtime.calls, []);
  });

  it('cleans up after a pod that was deleted by force', async () => {
    await run(boundPod('a', { terminationGracePeriodSeconds: 0 }));
    test.client.remove(pods, 'default/a');
    await test.clock.advance(1000);
    assert.deepEqual(test.runtime.calls.slice(-4), [
      'stopContainer web#0 1s',
      'stopPodSandbox sandbox-1',
      'removeContainer web#0',
      'removePodSandbox sandbox-1',
    ]);
  });

  it('goes past a slow end when a shorter grace period comes', async () => {
    test.runtime.endsWhenStopped(false);
    await run(boundPod('a'));
    remove('a', 30);
    await test.clock.advance(1000);
    remove('a', 2);
    await test.clock.advance(3000);
    await allGone();
  });

  it('makes a new sandbox when the old one is gone, and counts the restart', async () => {
    await run(boundPod('a'));
    test.runtime.killSandbox();
    await test.clock.advance(1000);
    assert.equal(test.pod('a').status!.phase, 'Running');
    assert.equal(first(test.pod('a')).restartCount, 1);
    assert.ok(test.told().includes('SandboxChanged: Pod sandbox changed, it will be killed and re-created.'));
  });

  it('adopts running containers after a restart of the agent, and removes orphans', async () => {
    await run(boundPod('a'));
    await run(boundPod('b'));
    test.client.remove(pods, 'default/b');
    test = await test.restart();
    await test.clock.advance(1000);
    assert.equal(test.runtime.calls.filter((call) => call.startsWith('startContainer')).length, 2);
    assert.deepEqual(
      (await test.runtime.listPodSandbox()).map(({ pod }) => pod.name),
      ['a'],
    );
    assert.equal(first(test.pod('a')).restartCount, 0);
    assert.equal(condition(test.pod('a'), 'Ready'), 'True');
  });

  it('runs its pods although a folder of a former pod cannot be removed', async () => {
    const left = `${test.stateFolder}/pods/left/volumes`;
    mkdirSync(left, { recursive: true });
    writeFileSync(`${left}/kubernetes.io~empty-dir`, 'no folder');
    test = await test.restart();
    await run(boundPod('a'));
    assert.equal(condition(test.pod('a'), 'Ready'), 'True');
  });

  it('restarts containers while the API does not answer', async () => {
    await run(boundPod('a'));
    test.runtime.exit('web', 3);
    const answer = test.client.holdNext('updateStatus');
    await test.clock.advance(1000);
    test.runtime.exit('web', 3);
    await test.clock.advance(15_000);
    assert.equal(test.runtime.latest('web').attempt, 2);
    answer();
    await test.clock.advance(0);
    assert.equal(first(test.pod('a')).restartCount, 2);
  });

  it('does not ask again and again when its pod is replaced while the last status is written', async () => {
    await run(boundPod('a'));
    remove('a', 7);
    const answer = test.client.holdNext('updateStatus');
    await test.clock.advance(100);
    test.client.remove(pods, 'default/a');
    test.client.put(pods, boundPod('a', { nodeName: 'node-2' }));
    await test.clock.advance(0);
    const before = test.client.calls.length;
    answer();
    await test.clock.advance(100);
    assert.ok(test.client.calls.length < before + 5, `${test.client.calls.length - before} calls`);
    assert.equal(test.runtime.calls.at(-1), 'removePodSandbox sandbox-1');
  });

  it('gives a pod that is not there any more time to be told so', async () => {
    await run(boundPod('a'));
    for (let i = 0; i < 10; i++)
      test.client.failNext('updateStatus', new ApiError(failure(404, 'NotFound', 'pods "a" not found')));
    const before = test.client.calls.length;
    test.runtime.exit('web', 3);
    await test.clock.advance(3000);
    const tries = test.client.calls.slice(before).filter(({ verb }) => verb === 'updateStatus');
    assert.equal(tries.length, 3);
  });

  it('stop() ends the probes too when a pod is being looked at', async () => {
    const readinessProbe = { exec: { command: ['check'] } };
    await run(boundPod('a', { restartPolicy: 'Never', containers: [{ readinessProbe }, { name: 'other' }] }));
    test.runtime.exit('other', 0);
    await Promise.resolve();
    await test.kubelet.stop();
    const { length } = test.runtime.calls;
    await test.clock.advance(60_000);
    assert.deepEqual(test.runtime.calls.slice(length), []);
  });

  it('resolves a write conflict', async () => {
    test.client.put(pods, boundPod('a'));
    await test.clock.advance(100);
    test.client.put(pods, { ...test.pod('a'), metadata: { ...test.pod('a').metadata, labels: { x: 'y' } } });
    await test.clock.advance(1000);
    assert.equal(test.pod('a').metadata!.labels!['x'], 'y');
    assert.equal(condition(test.pod('a'), 'Ready'), 'True');
  });
});
