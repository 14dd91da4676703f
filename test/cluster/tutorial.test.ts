// The tutorial "Connecting Applications with Services", word for word with the real kubectl.
// https://kubernetes.io/docs/tutorials/services/connect-applications-service/
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/poll.ts';
import { type TestCluster, run, runOk, startTestCluster } from '../support/test-cluster.ts';

const ROOT = join(import.meta.dirname, '../..');
const SECURE = join(ROOT, 'examples/connect-applications-secure');

describe('Connecting Applications with Services', () => {
  let cluster: TestCluster;
  let folder: string;
  const words = async (...args: string[]): Promise<string[]> =>
    (await cluster.kubectl(args)).split(/\s+/).filter(Boolean);
  const rolledOut = (): Promise<string> =>
    cluster.kubectl(['rollout', 'status', 'deployment/my-nginx', '--timeout=60s']);
  const inCurlPod = (...command: string[]): Promise<string> =>
    cluster.kubectl(['exec', 'curl', '--', ...command]);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'podnet-tutorial-'));
    cluster = await startTestCluster('tutorial', { files: ['examples/connect-applications'] });
  });
  after(async () => {
    await cluster?.down();
    rmSync(folder, { recursive: true });
  });

  it('every pod has an IP that nodes and the host reach directly', async () => {
    const ips = await words('get', 'pods', '-l', 'run=my-nginx', '-o', 'jsonpath={.items[*].status.podIP}');
    assert.equal(ips.length, 2);
    assert.equal(new Set(ips).size, 2);
    for (const ip of ips) {
      for (const node of ['node-1', 'node-2', 'node-3']) {
        const { stdout } = await cluster.onNode(node, ['curl', '-sS', '--max-time', '5', `http://${ip}`]);
        assert.match(stdout, /Welcome to nginx!/);
      }
      assert.match(await runOk('curl', ['-sS', '--max-time', '5', `http://${ip}`]), /Welcome to nginx!/);
    }
  });

  it('the Service has a cluster IP, and an EndpointSlice with both pods', async () => {
    assert.match(
      await cluster.kubectl(['get', 'svc', 'my-nginx']),
      /my-nginx\s+ClusterIP\s+10\.\d+\.\d+\.\d+\s+<none>\s+80\/TCP/,
    );
    assert.match(
      await cluster.kubectl(['describe', 'svc', 'my-nginx']),
      /Selector:\s+run=my-nginx[\s\S]*Endpoints:\s+10\.\d+\.\d+\.\d+:80,10\./,
    );
    const addresses = await words(
      ...['get', 'endpointslices', '-l', 'kubernetes.io/service-name=my-nginx'],
      ...['-o', 'jsonpath={.items[*].endpoints[*].addresses[0]}'],
    );
    const ips = await words('get', 'pods', '-l', 'run=my-nginx', '-o', 'jsonpath={.items[*].status.podIP}');
    assert.deepEqual(addresses.sort(), ips.sort());
  });

  it('the Service answers from nodes, pods and the host at its cluster IP', async () => {
    const [ip] = await words('get', 'svc', 'my-nginx', '-o', 'jsonpath={.spec.clusterIP}');
    const { stdout } = await cluster.onNode('node-2', ['curl', '-sS', '--max-time', '5', `http://${ip}`]);
    assert.match(stdout, /Welcome to nginx!/);
    assert.match(await runOk('curl', ['-sS', '--max-time', '5', `http://${ip}`]), /Welcome to nginx!/);
    assert.match(await inCurlPod('curl', '-sS', '--max-time', '5', `http://${ip}`), /Welcome to nginx!/);
  });

  it('is found by environment variables in pods that are made after it', async () => {
    await cluster.kubectl(['scale', 'deployment', 'my-nginx', '--replicas=0']);
    await cluster.kubectl(['wait', '--for=delete', 'pod', '-l', 'run=my-nginx', '--timeout=60s']);
    await cluster.kubectl(['scale', 'deployment', 'my-nginx', '--replicas=2']);
    await rolledOut();
    const [pod] = await words(
      'get',
      'pods',
      '-l',
      'run=my-nginx',
      '-o',
      'jsonpath={.items[0].metadata.name}',
    );
    const [ip] = await words('get', 'svc', 'my-nginx', '-o', 'jsonpath={.spec.clusterIP}');
    const environment = await cluster.kubectl(['exec', pod!, '--', 'printenv']);
    assert.match(environment, new RegExp(`^MY_NGINX_SERVICE_HOST=${ip}$`, 'm'));
    assert.match(environment, /^MY_NGINX_SERVICE_PORT=80$/m);
    assert.match(environment, /^KUBERNETES_SERVICE_PORT_HTTPS=443$/m);
  });

  it('is found by its DNS name', async () => {
    const [ip] = await words('get', 'svc', 'my-nginx', '-o', 'jsonpath={.spec.clusterIP}');
    assert.match(
      await inCurlPod('nslookup', 'my-nginx.default.svc.cluster.local'),
      new RegExp(`Address:? .*${ip}`),
    );
    assert.match(await inCurlPod('curl', '-sS', '--max-time', '5', 'http://my-nginx'), /Welcome to nginx!/);
  });

  it('speaks HTTPS with the key of a Secret and the configuration of a ConfigMap', async () => {
    const [key, certificate] = [join(folder, 'nginx.key'), join(folder, 'nginx.crt')];
    await runOk('openssl', [
      ...[
        'req',
        '-x509',
        '-nodes',
        '-days',
        '365',
        '-newkey',
        'rsa:2048',
        '-keyout',
        key,
        '-out',
        certificate,
      ],
      ...['-subj', '/CN=my-nginx/O=my-nginx', '-addext', 'subjectAltName=DNS:my-nginx'],
    ]);
    await cluster.kubectl(['create', 'secret', 'tls', 'nginxsecret', '--key', key, '--cert', certificate]);
    await cluster.kubectl(['apply', '-f', join(SECURE, 'nginx-config.yaml')]);
    await cluster.kubectl(['delete', 'deployments,svc', 'my-nginx']);
    await cluster.kubectl(['create', '-f', join(SECURE, 'nginx-secure-app.yaml')]);
    await rolledOut();
    const [ip] = await words('get', 'pods', '-l', 'run=my-nginx', '-o', 'jsonpath={.items[0].status.podIP}');
    const { stdout } = await cluster.onNode('node-1', ['curl', '-sSk', '--max-time', '5', `https://${ip}`]);
    assert.match(stdout, /Welcome to nginx!/);
    await cluster.kubectl(
      ['exec', '-i', 'curl', '--', 'sh', '-c', 'cat > /tmp/tls.crt'],
      await runOk('cat', [certificate]),
    );
    assert.match(
      await inCurlPod('curl', '-sS', '--max-time', '5', 'https://my-nginx', '--cacert', '/tmp/tls.crt'),
      /Welcome to nginx!/,
    );
  });

  it('is open to the host at a NodePort of every node', async () => {
    const ports = await words('get', 'svc', 'my-nginx', '-o', 'jsonpath={.spec.ports[*].nodePort}');
    const nodes = await words(
      'get',
      'nodes',
      '-o',
      'jsonpath={.items[*].status.addresses[?(@.type=="InternalIP")].address}',
    );
    assert.equal(nodes.length, 6, 'three nodes with an IPv4 and an IPv6 address each');
    for (const node of nodes.filter((address) => !address.includes(':'))) {
      assert.match(
        await runOk('curl', ['-sS', '--max-time', '5', `http://${node}:${ports[0]}`]),
        /Welcome to nginx!/,
      );
      assert.match(
        await runOk('curl', ['-sSk', '--max-time', '5', `https://${node}:${ports[1]}`]),
        /Welcome to nginx!/,
      );
    }
  });

  it('is open to the host at an address of its own as a LoadBalancer', async () => {
    const env = { KUBE_EDITOR: "sed -i 's/type: NodePort/type: LoadBalancer/'" };
    const { code, stderr } = await cluster.tryKubectl(['edit', 'svc', 'my-nginx'], { env });
    assert.equal(code, 0, stderr);
    const column = ['get', 'svc', 'my-nginx', '--no-headers'];
    const ip = await eventually('an external IP', async () => {
      const external = (await words(...column))[3];
      return external !== '<pending>' && external;
    });
    const ask = (): Promise<string> => runOk('curl', ['-sSk', '--max-time', '5', `https://${ip}`]);
    assert.match(await eventually('an answer at it', ask), /Welcome to nginx!/);
  });

  it('refuses no connection while its pods are killed one by one', async () => {
    await cluster.kubectl(['scale', 'deployment', 'my-nginx', '--replicas=3']);
    await rolledOut();
    const [ip] = await words('get', 'svc', 'my-nginx', '-o', 'jsonpath={.spec.clusterIP}');
    for (const pod of await words('get', 'pods', '-l', 'run=my-nginx', '-o', 'name')) {
      await cluster.kubectl(['delete', pod, '--wait=true']);
      await rolledOut();
      await eventually('the slices hold three ready endpoints', async () => {
        const ready = await words(
          ...['get', 'endpointslices', '-l', 'kubernetes.io/service-name=my-nginx'],
          ...['-o', 'jsonpath={.items[*].endpoints[?(@.conditions.ready==true)].addresses[0]}'],
        );
        return ready.length === 3;
      });
      const attempts = await Promise.all(
        Array.from({ length: 30 }, () => run('curl', ['-sS', '--max-time', '5', `http://${ip}:8080`])),
      );
      assert.deepEqual(
        attempts.filter(({ code }) => code !== 0).map(({ stderr }) => stderr),
        [],
      );
    }
  });
});
