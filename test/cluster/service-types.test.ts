// What changes in a Service's API, seen by packets: its type, its families, its ranges, its ports. A whole cluster, so that
// API, controllers, proxies and routes are all in the way.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readRecord } from '../../src/embedded/cluster-files.ts';
import { eventually } from '../support/poll.ts';
import { type TestCluster, run, startTestCluster } from '../support/test-cluster.ts';

/** nginx for TCP, and beside it a listener for UDP on the same port. */
const WORKLOAD = `apiVersion: v1
kind: Namespace
metadata: { name: types }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: types, labels: { app: web } }
spec:
  containers:
    - { name: web, image: podnet/nginx }
    - { name: udp, image: podnet/toolbox, command: [socat, 'UDP6-LISTEN:80,fork,reuseaddr', 'EXEC:echo pong'] }
    - { name: client, image: podnet/toolbox, command: [sleep, infinity] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: types }
spec: { selector: { app: web }, ports: [{ name: http, port: 80 }] }
`;

describe('a Service that changes', () => {
  let cluster: TestCluster;
  const kubectl = (...args: readonly string[]): Promise<string> => cluster.kubectl(['-n', 'types', ...args]);
  const field = (path: string): Promise<string> => kubectl('get', 'svc', 'web', '-o', `jsonpath={${path}}`);
  const patch = (spec: object): Promise<string> =>
    kubectl('patch', 'svc', 'web', '--type=merge', '-p', JSON.stringify({ spec }));
  const urlOf = (host: string, port: string | number = 80): string =>
    host.includes(':') ? `http://[${host}]:${port}` : `http://${host}:${port}`;
  /** What curl says: `200`, or its exit code (7: refused, 28: timed out). */
  const get = async (url: string): Promise<string> => {
    const { code, stdout } = await run('curl', [
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '-m',
      '2',
      url,
    ]);
    return code === 0 ? stdout : `exit ${code}`;
  };
  const answers = (url: string, wanted: string): Promise<unknown> =>
    eventually(`${url}: ${wanted}`, async () => (await get(url)) === wanted, 10_000);
  const ping = async (ip: string): Promise<string> =>
    (await run('sh', ['-c', 'echo ping | socat -t 2 - "UDP4:$0:80"', ip], { timeoutMs: 5000 })).stdout.trim();

  const rangesOf =
    (node: string) =>
    async (family: string): Promise<string> =>
      (await cluster.onNode(node, ['nft', 'list', 'set', family, 'podnet-services', 'service-cidrs'])).stdout;
  /** What the cluster's DNS says of an address: a name, or the code of its answer. */
  const nameOf = async (ip: string): Promise<string> => {
    const server = `@${readRecord('types')!.config.dnsServiceIps[0]}`;
    const { stdout } = await cluster.onNode('node-1', ['dig', '-x', ip, server]);
    return /\sPTR[ \t]+(\S+)/.exec(stdout)?.[1] ?? /status: (\w+)/.exec(stdout)?.[1] ?? stdout;
  };

  before(async () => {
    cluster = await startTestCluster('types', { nodes: 2 });
    await cluster.kubectl(['apply', '-f', '-'], WORKLOAD); // the pod comes right after its namespace
    await kubectl('wait', 'pod/web', '--for=condition=Ready', '--timeout=60s');
  });
  after(() => cluster?.down());

  it('is reached by its node port while it has one, on every node, and by its cluster IP throughout', async () => {
    const ip = await field('.spec.clusterIP');
    await answers(urlOf(ip), '200');
    await patch({ type: 'NodePort' });
    const port = await field('.spec.ports[0].nodePort');
    const nodes = await kubectl('get', 'nodes', '-o', 'jsonpath={.items[*].status.addresses[0].address}');
    for (const node of nodes.split(' ')) await answers(urlOf(node, port), '200');
    await patch({ type: 'ClusterIP' });
    for (const node of nodes.split(' ')) await answers(urlOf(node, port), 'exit 7');
    assert.equal(await field('.spec.clusterIP'), ip);
    await answers(urlOf(ip), '200');
  });

  it('has no address as an ExternalName, and another one after', async () => {
    const before = await field('.spec.clusterIP');
    await patch({ type: 'ExternalName', externalName: 'kubernetes.default.svc.cluster.local' });
    await answers(urlOf(before), 'exit 28');
    await patch({ type: 'ClusterIP', externalName: null });
    await answers(urlOf(await field('.spec.clusterIP')), '200');
  });

  it('gains a family and loses it again', async () => {
    await patch({ ipFamilyPolicy: 'RequireDualStack' });
    const second = await field('.spec.clusterIPs[1]');
    await answers(urlOf(second), '200');
    await patch({ ipFamilyPolicy: 'SingleStack' });
    await answers(urlOf(second), 'exit 28');
    await answers(urlOf(await field('.spec.clusterIP')), '200');
  });

  it('serves TCP and UDP by one port number, and each of them alone', async () => {
    const ip = await field('.spec.clusterIP');
    const [tcp, udp] = [
      { name: 'tcp', port: 80, protocol: 'TCP' },
      { name: 'udp', port: 80, protocol: 'UDP' },
    ];
    await patch({ ports: [tcp, udp] });
    await answers(urlOf(ip), '200');
    await eventually('UDP answers', async () => (await ping(ip)) === 'pong', 10_000);
    await patch({ ports: [udp] });
    await answers(urlOf(ip), 'exit 7');
    assert.equal(await ping(ip), 'pong');
    await patch({ ports: [tcp] });
    await answers(urlOf(ip), '200');
    assert.equal(await ping(ip), '');
  });

  it('may live in a range that came later', async () => {
    const cidrs = ['10.120.0.0/24', 'fd00:120::/112'];
    const range = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name: 'later' } };
    await cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ ...range, spec: { cidrs } }));
    const ips = ['10.120.0.9', 'fd00:120::9'];
    const far = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'far', namespace: 'types' },
      spec: {
        selector: { app: 'web' },
        ipFamilyPolicy: 'RequireDualStack',
        clusterIP: ips[0],
        clusterIPs: ips,
        ports: [{ port: 80 }],
      },
    };
    await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(far));
    for (const ip of ips) await answers(urlOf(ip), '200');
    const inPod = ['exec', 'web', '-c', 'client', '--', 'curl', '-s', '-m', '2', urlOf(ips[0]!)];
    assert.match(await kubectl(...inPod), /nginx/);
    await eventually('each node drops what no Service has', async () => {
      const sets = await Promise.all(
        ['node-1', 'node-2'].map((node) => Promise.all(['ip', 'ip6'].map(rangesOf(node)))),
      );
      return sets.flat().every((set) => cidrs.some((cidr) => set.includes(cidr)));
    });
    for (const ip of ['10.120.0.77', 'fd00:120::77'])
      for (const node of ['node-1', 'node-2'])
        assert.equal(
          (await cluster.onNode(node, ['curl', '-s', '-m', '1', urlOf(ip)])).code,
          28,
          `${node} ${ip}`,
        );
    for (const ip of ips) assert.equal(await nameOf(ip), 'far.types.svc.cluster.local.');
    assert.equal(await nameOf('10.120.0.77'), 'NXDOMAIN');
    await kubectl('delete', 'servicecidr', 'later', '--wait=false');
    const reason = ['get', 'servicecidr', 'later', '-o', 'jsonpath={.status.conditions[0].reason}'];
    await eventually('it stays', async () => (await kubectl(...reason)) === 'Terminating');
    await kubectl('delete', 'svc', 'far');
    await kubectl('wait', 'servicecidr/later', '--for=delete', '--timeout=10s');
    await eventually('and forgets the range', async () =>
      (await Promise.all(['node-1', 'node-2'].map((node) => rangesOf(node)('ip')))).every(
        (set) => !set.includes(cidrs[0]!),
      ),
    );
  });

  it('comes back when it is the one that pods call the API by', async () => {
    await cluster.kubectl(['delete', 'svc', 'kubernetes']);
    const ip = (): Promise<string> =>
      cluster.kubectl(['get', 'svc', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}']);
    const url = `https://${await eventually('it is back', ip)}/version`;
    await eventually('it answers', async () => {
      const { stdout } = await run('curl', ['-sk', '-m', '2', url]);
      return stdout.includes('gitVersion');
    });
  });
});
