// A kubelet with the real runtime and the real API server, used by the real kubectl.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { Pod } from '../../src/k8s/generated/types.ts';
import { eventually } from '../support/poll.ts';
import { startTestNode } from '../support/test-node.ts';
import type { TestNode } from '../support/test-node.ts';

/** A pod on the node; `spec` and `container` are YAML in flow style. */
const pod = (name: string, container: string, spec = ''): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${name} } }
spec: { nodeName: node-1, terminationGracePeriodSeconds: 1, ${spec} containers: [{ name: c, image: podnet/toolbox, imagePullPolicy: IfNotPresent, ${container} }] }
`;
const SLEEP = 'command: [sleep, infinity]';

describe('kubelet on the process runtime', () => {
  let node: TestNode;
  before(async () => {
    node = await startTestNode('kubelet', 21_260);
  });
  after(() => node?.stop());

  const kubectl = (...args: string[]): Promise<string> => node.kubectl(args);
  const apply = (manifest: string): Promise<string> => node.kubectl(['apply', '-f', '-'], manifest);
  const get = async (name: string): Promise<Pod> =>
    JSON.parse(await kubectl('get', 'pod', name, '-o', 'json')) as Pod;
  const sh = (name: string, script: string): Promise<string> =>
    kubectl('exec', name, '--', 'sh', '-c', script);
  const ready = (name: string): Promise<string> =>
    kubectl('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=30s');
  const state = async (name: string) => (await get(name)).status?.containerStatuses?.[0];

  it('a pod runs with its files, and logs, exec and delete work', async () => {
    await apply(pod('web', "command: [sh, -c, 'echo out; echo err >&2; exec sleep infinity']"));
    await ready('web');
    assert.match(await sh('web', 'cat /etc/hosts'), /^# Kubernetes-managed hosts file\.\n[\s\S]*\tweb\n/);
    assert.match(
      await sh('web', 'cat /etc/resolv.conf'),
      /search default\.svc\.cluster\.local[\s\S]*ndots:5/,
    );
    const token = await sh('web', 'cat /var/run/secrets/kubernetes.io/serviceaccount/token');
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<
      string,
      never
    >;
    assert.equal(claims['kubernetes.io']!['pod']!['name'], 'web');
    assert.match(await kubectl('logs', 'web'), /^(out\nerr|err\nout)\n$/);
    await kubectl('delete', 'pod', 'web');
    assert.deepEqual(await node.runtime.listPodSandbox(), []);
  });

  it('an emptyDir in memory is of its size, outlives a container, and goes with its pod', async () => {
    const volumes = 'volumes: [{ name: v, emptyDir: { medium: Memory, sizeLimit: 3Mi } }],';
    const script =
      'trap "exit 0" TERM; echo $(($(cat /v/count || echo 0) + 1)) > /v/count; sleep infinity & wait';
    const container = `command: [sh, -c, '${script}'], volumeMounts: [{ name: v, mountPath: /v }]`;
    await apply(pod('memory', container, volumes));
    await ready('memory');
    assert.match(await sh('memory', 'df -k /v'), /^tmpfs +3072 /m);
    assert.match(
      await sh('memory', 'dd if=/dev/zero of=/v/large bs=1M count=4 2>&1 || true'),
      /No space left/,
    );
    await sh('memory', 'rm /v/large; kill 1');
    await eventually(
      'the second count',
      async () => (await sh('memory', 'cat /v/count').catch(() => '')) === '2\n',
    );
    const { uid } = (await get('memory')).metadata!;
    const mounted = (): boolean => readFileSync('/proc/self/mounts', 'utf8').includes(uid!);
    assert.ok(mounted());
    await kubectl('delete', 'pod', 'memory');
    assert.ok(!mounted());
  });

  it('containers share processes if their pod asks for it', async () => {
    await apply(
      pod(
        'shared',
        SLEEP,
        'shareProcessNamespace: true, initContainers: [{ name: first, image: podnet/toolbox, imagePullPolicy: IfNotPresent, command: ["true"] }],',
      ),
    );
    await ready('shared');
    assert.match(await sh('shared', 'ps -o args'), /sleep infinity & wait[\s\S]*sleep infinity/);
    assert.equal((await get('shared')).status!.containerStatuses!.length, 1);
    await kubectl('delete', 'pod', 'shared');
  });

  it('variables, files and their changes come from a ConfigMap and a Secret', async () => {
    await kubectl('create', 'configmap', 'conf', '--from-literal=color=red', '--from-literal=shape=round');
    await kubectl('create', 'secret', 'generic', 'hidden', '--from-literal=word=swordfish');
    const env = `env: [{ name: WORD, valueFrom: { secretKeyRef: { name: hidden, key: word } } }, { name: SAY, value: 'it is $(WORD)' }, { name: IP, valueFrom: { fieldRef: { fieldPath: status.podIP } } }], envFrom: [{ prefix: C_, configMapRef: { name: conf } }]`;
    const volumes = `volumes: [{ name: v, configMap: { name: conf, items: [{ key: color, path: deep/color, mode: 0400 }] } }, { name: labels, downwardAPI: { items: [{ path: labels, fieldRef: { fieldPath: metadata.labels } }] } }],`;
    const mounts = `volumeMounts: [{ name: v, mountPath: /conf }, { name: labels, mountPath: /pod }, { name: v, mountPath: /one, subPath: deep/color }]`;
    await apply(pod('reads', `${SLEEP}, ${env}, ${mounts}`, volumes));
    await ready('reads');
    assert.equal(
      await sh('reads', 'echo $SAY $C_color $C_shape $IP'),
      'it is swordfish red round 127.0.0.1\n',
    );
    assert.equal(await sh('reads', 'cat /conf/deep/color /one; stat -Lc %a /conf/deep/color'), 'redred400\n');
    assert.equal(await sh('reads', 'cat /pod/labels'), 'app="reads"');
    await kubectl('label', 'pod', 'reads', 'app=changed', '--overwrite');
    await eventually(
      'the label in the file',
      async () => (await sh('reads', 'cat /pod/labels')) === 'app="changed"',
    );
  });

  it('containers share an emptyDir; an init container fills it', async () => {
    const init = `volumes: [{ name: v, emptyDir: {} }], initContainers: [{ name: i, image: podnet/toolbox, command: [sh, -c, 'echo filled > /v/f'], volumeMounts: [{ name: v, mountPath: /v }] }],`;
    await apply(pod('init', `${SLEEP}, volumeMounts: [{ name: v, mountPath: /data }]`, init));
    await ready('init');
    assert.equal(await sh('init', 'cat /data/f'), 'filled\n');
    assert.equal(
      (await get('init')).status!.initContainerStatuses![0]!.state!.terminated!.reason,
      'Completed',
    );
  });

  it('a job ends as Succeeded or Failed, with the message it left', async () => {
    await apply(
      pod('good', "command: [sh, -c, 'echo done > /dev/termination-log']", 'restartPolicy: Never,'),
    );
    await apply(
      pod(
        'bad',
        "command: [sh, -c, 'echo why; exit 3'], terminationMessagePolicy: FallbackToLogsOnError",
        'restartPolicy: Never,',
      ),
    );
    await eventually('Succeeded', async () => (await get('good')).status?.phase === 'Succeeded');
    await eventually('Failed', async () => (await get('bad')).status?.phase === 'Failed');
    assert.equal((await state('good'))!.state!.terminated!.message, 'done\n');
    const { exitCode, message } = (await state('bad'))!.state!.terminated!;
    assert.deepEqual([exitCode, message], [3, 'why\n']);
    assert.equal(await kubectl('logs', 'bad'), 'why\n');
  });

  it('a crashing container is restarted, then waits with CrashLoopBackOff; its last log can be read', async () => {
    await apply(pod('crash', "command: [sh, -c, 'echo try; exit 4']"));
    await eventually(
      'CrashLoopBackOff',
      async () => (await state('crash'))?.state?.waiting?.reason === 'CrashLoopBackOff',
    );
    const { restartCount, lastState } = (await state('crash'))!;
    assert.deepEqual([restartCount, lastState!.terminated!.exitCode], [1, 4]);
    assert.equal(await kubectl('logs', '--previous', 'crash'), 'try\n');
    assert.match(
      await kubectl('describe', 'pod', 'crash'),
      /BackOff[\s\S]*Back-off restarting failed container c in pod crash_default/,
    );
  });

  it('a command that is not there, an image that is not there, a name that is no image', async () => {
    await apply(pod('nocommand', 'command: [/no/such/program]'));
    await apply(pod('noimage', SLEEP).replace('podnet/toolbox', 'example.org/nothing:1'));
    await apply(pod('noname', SLEEP).replace('podnet/toolbox', 'Not/An:Image:'));
    await eventually('the reason', async () =>
      /no such file|not found/i.test(await kubectl('describe', 'pod', 'nocommand')),
    );
    await eventually(
      'ImagePullBackOff',
      async () => (await state('noimage'))?.state?.waiting?.reason === 'ImagePullBackOff',
    );
    assert.match(await kubectl('describe', 'pod', 'noimage'), /podnet image load/);
    await eventually(
      'InvalidImageName',
      async () => (await state('noname'))?.state?.waiting?.reason === 'InvalidImageName',
    );
  });

  it('probes: not ready while nobody listens, killed when not alive', async () => {
    await apply(pod('tcp', `${SLEEP}, readinessProbe: { tcpSocket: { port: 8080, host: 127.0.0.1 } }`));
    await apply(
      pod(
        'live',
        `${SLEEP}, livenessProbe: { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1 }`,
      ),
    );
    await eventually('a restart', async () => (await state('live'))!.restartCount > 0);
    await eventually('its event', async () =>
      /Unhealthy[\s\S]*Killing.*Container c failed liveness probe, will be restarted/.test(
        await kubectl('describe', 'pod', 'live'),
      ),
    );
    await eventually('the refusal', async () =>
      /Readiness probe failed: dial tcp 127.0.0.1:8080: connect: connection refused/.test(
        await kubectl('describe', 'pod', 'tcp'),
      ),
    );
  });

  it('preStop runs before the end, and a grace period is kept', async () => {
    const hook = "lifecycle: { preStop: { exec: { command: [sh, -c, 'echo bye > /shared/said'] } } }";
    const volume =
      'volumes: [{ name: v, hostPath: { path: /tmp/podnet-test-kubelet-hook, type: DirectoryOrCreate } }],';
    await apply(pod('hook', `${SLEEP}, ${hook}, volumeMounts: [{ name: v, mountPath: /shared }]`, volume));
    await apply(pod('reader', `${SLEEP}, volumeMounts: [{ name: v, mountPath: /shared }]`, volume));
    await ready('hook');
    await kubectl('delete', 'pod', 'hook');
    await ready('reader');
    assert.equal(await sh('reader', 'cat /shared/said; rm -r /shared/*'), 'bye\n');
  });

  it('runs as the user, with the capabilities and the read-only root that the pod asks for', async () => {
    const security =
      'securityContext: { runAsUser: 1000, runAsGroup: 2000, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false }';
    await apply(
      pod(
        'user',
        `${SLEEP}, ${security}, volumeMounts: [{ name: v, mountPath: /v }]`,
        'securityContext: { fsGroup: 3000 }, volumes: [{ name: v, emptyDir: {} }],',
      ),
    );
    await ready('user');
    assert.equal(
      await sh('user', 'id -u; id -G; touch /v/f && stat -c %g /v/f; touch /f 2>&1 || true'),
      '1000\n2000 3000\n3000\ntouch: /f: Read-only file system\n',
    );
    await apply(pod('root', `${SLEEP}, securityContext: { runAsNonRoot: true }`));
    await eventually('the refusal', async () =>
      /container has runAsNonRoot and image will run as root/.test(
        (await state('root'))?.state?.waiting?.message ?? '',
      ),
    );
  });
});
