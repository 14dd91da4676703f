// What nodes do for pods and operators besides running them, in a whole cluster: host ports, metrics.
import assert from 'node:assert/strict';
import { lstatSync, rmSync, symlinkSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { clusterFiles, readRecord } from '../../src/embedded/cluster-files.ts';
import { eventually } from '../support/poll.ts';
import { type TestCluster, startTestCluster } from '../support/test-cluster.ts';

const SERVER = 'exec socat TCP6-LISTEN:8080,fork,reuseaddr SYSTEM:"echo hello"';

const pod = (name: string, ports: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${name} } }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: c
      image: podnet/toolbox
      command: [sh, -c, '${SERVER}']
      ports: [${ports}]
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 }
`;

/** The second byte of the cluster's pod range. */
const podNetwork = (): string => readRecord('nodes')!.config.podCidrs[0].split('.')[1]!;

describe('nodes of a cluster', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster('nodes', { nodes: 1, nodePortAddresses: 'primary,localhost' });
  });
  after(() => cluster?.down());
  const kubectl = (...args: string[]): Promise<string> => cluster.kubectl(args);
  const ready = (name: string): Promise<string> =>
    kubectl('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=30s');

  it('a port of the node leads to one pod at a time; the next one waits for it', async () => {
    await cluster.kubectl(['apply', '-f', '-'], pod('first', '{ containerPort: 8080, hostPort: 9090 }'));
    await ready('first');
    const ask = async (): Promise<string> =>
      (await cluster.onNode('node-1', ['timeout', '2', 'nc', '127.0.0.1', '9090'])).stdout.trim();
    assert.equal(await ask(), 'hello');
    await cluster.kubectl(['apply', '-f', '-'], pod('second', '{ containerPort: 8080, hostPort: 9090 }'));
    await eventually('the reason to wait', async () =>
      /didn't have free ports for the requested pod ports/.test(await kubectl('get', 'events')),
    );
    assert.match(
      await kubectl('get', '--raw', '/metrics'),
      /^scheduler_pending_pods\{queue="unschedulable"\} 1$/m,
    );
    await kubectl('delete', 'pod', 'first');
    await ready('second');
    assert.equal(await ask(), 'hello');
    await kubectl('delete', 'pod', 'second');
    assert.equal(await ask(), '');
  });

  it('metrics of the API server, a kubelet and a service proxy', async () => {
    await cluster.kubectl(['apply', '-f', '-'], pod('served', '{ containerPort: 8080 }'));
    await kubectl('expose', 'pod', 'served', '--port=80', '--target-port=8080');
    await ready('served');
    const value = (text: string, series: string): number =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
          ?.split(' ')
          .at(-1),
      );
    const created =
      'apiserver_request_total{verb="CREATE",group="",version="v1",resource="services",subresource="",scope="namespace",component="apiserver",dry_run="",code="201"}';
    assert.equal(value(await kubectl('get', '--raw', '/metrics'), created), 1);
    const kubelet = await kubectl('get', '--raw', '/api/v1/nodes/node-1/proxy/metrics');
    assert.equal(value(kubelet, 'kubelet_node_name{node="node-1"}'), 1);
    assert.equal(value(kubelet, 'kubelet_running_pods'), 1);
    assert.ok(value(kubelet, 'workqueue_adds_total{name="kubelet"}') > 0);
    const mode = await cluster.onNode('node-1', ['curl', '-s', 'http://127.0.0.1:10249/proxyMode']);
    assert.equal(mode.stdout, 'nftables');
    const health = `http://${readRecord('nodes')!.config.nodes[0]!.addresses[0]}:10256`;
    for (const path of ['healthz', 'livez'])
      await cluster.onNode('node-1', ['curl', '-s', `${health}/${path}`]);
    const { stdout: page } = await cluster.onNode('node-1', ['curl', '-s', 'http://127.0.0.1:10249/metrics']);
    for (const series of [
      'kubeproxy_proxy_healthz_total{code="200"}',
      'kubeproxy_proxy_livez_total{code="200"}',
      'kubeproxy_sync_full_proxy_rules_duration_seconds_count',
      'kubeproxy_sync_partial_proxy_rules_duration_seconds_count',
    ])
      assert.ok(value(page, series) >= 1, series);
    await eventually('the latency from the pod’s readiness to the rules', async () => {
      const { stdout } = await cluster.onNode('node-1', ['curl', '-s', 'http://127.0.0.1:10249/metrics']);
      return value(stdout, 'kubeproxy_network_programming_duration_seconds_count{ip_family="IPv4"}') > 0;
    });
  });

  it('a node port on the node’s localhost, as the cluster was asked to have', async () => {
    await kubectl(
      'expose',
      'pod',
      'served',
      '--name=near',
      '--port=80',
      '--target-port=8080',
      '--type=NodePort',
    );
    const dualStack = '{"spec":{"ipFamilyPolicy":"RequireDualStack"}}';
    await kubectl('patch', 'svc', 'near', '--type=merge', '-p', dualStack);
    const port = await kubectl('get', 'svc', 'near', '-o', 'jsonpath={.spec.ports[0].nodePort}');
    for (const host of ['127.0.0.1', '::1', readRecord('nodes')!.config.nodes[0]!.addresses[0]]) {
      await eventually(`${host} answers`, async () => {
        const { stdout } = await cluster.onNode('node-1', ['timeout', '2', 'nc', host, port]);
        return stdout === 'hello\n';
      });
    }
  });

  it('a pod reaches the API at the Service kubernetes, by name and address, with its own token', async () => {
    await cluster.kubectl(['apply', '-f', '-'], pod('inside', '{ containerPort: 8080 }'));
    await ready('inside');
    const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
    const ask = (host: string, path: string): Promise<string> =>
      kubectl(
        ...['exec', 'inside', '--', 'sh', '-c'],
        `curl -sS --max-time 5 --cacert ${folder}/ca.crt -H "Authorization: Bearer $(cat ${folder}/token)" https://${host}${path}`,
      );
    assert.match(await ask('kubernetes.default.svc', '/version'), /"gitVersion":\s*"v1\./);
    assert.match(
      await ask('$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT', '/api/v1/namespaces/default/pods'),
      /system:serviceaccount:default:default\\" cannot list resource \\"pods\\"/,
    );
    await kubectl('create', 'rolebinding', 'reads', '--clusterrole=view', '--serviceaccount=default:default');
    assert.match(
      await ask('kubernetes.default.svc', '/api/v1/namespaces/default/pods'),
      /"kind":\s*"PodList"/,
    );
  });

  it('a pod for which no address is left says so and waits until one is free', async () => {
    // what other pods would hold: the folder of addresses in use, filled up
    const folder = `${clusterFiles('nodes').state}/node-1/addresses`;
    const taken = Array.from(
      { length: 254 },
      (_, index) => `${folder}/10.${podNetwork()}.0.${index + 1}`,
    ).filter((path) => !lstatSync(path, { throwIfNoEntry: false }));
    for (const path of taken) symlinkSync('nobody', path);
    try {
      await cluster.kubectl(['apply', '-f', '-'], pod('waits', '{ containerPort: 8080 }'));
      await eventually('the event', async () =>
        /FailedCreatePodSandBox.*no addresses left in 10\.\d+\.0\.0\/24/.test(
          await kubectl('describe', 'pod', 'waits'),
        ),
      );
      assert.equal(await kubectl('get', 'pod', 'waits', '-o', 'jsonpath={.status.phase}'), 'Pending');
      await kubectl('delete', 'pod', 'inside');
      await ready('waits');
    } finally {
      for (const path of taken) rmSync(path);
    }
  });
});
