// podnet explain and podnet policy diff, against a cluster whose kernel enforces the policies.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/poll.ts';
import { type Outcome, type TestCluster, startTestCluster } from '../support/test-cluster.ts';

const POLICIES = join(import.meta.dirname, '../../examples/network-policies/policies.yaml');

/** As far as it matters here; users take that of the network policy API. */
const DEFINITION = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: clusternetworkpolicies.policy.networking.k8s.io
  annotations: { api-approved.kubernetes.io: https://github.com/kubernetes-sigs/network-policy-api/pull/1 }
spec:
  group: policy.networking.k8s.io
  names: { kind: ClusterNetworkPolicy, plural: clusternetworkpolicies }
  scope: Cluster
  versions:
    - name: v1alpha2
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
      subresources: { status: {} }
`;

/** The office may go to the web server by its name, and nowhere else. */
const NAMES = `apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: names }
spec:
  tier: Admin
  priority: 10
  subject: { namespaces: { matchLabels: { team: office } } }
  egress:
    - { action: Accept, to: [{ domainNames: [web-pods.shop.svc.cluster.local] }] }
    - { name: rest, action: Deny, to: [{ networks: [0.0.0.0/0, '::/0'] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web-pods, namespace: shop }
spec: { clusterIP: None, selector: { app: web }, ports: [{ port: 80 }] }
`;

describe('the commands about policies', () => {
  let cluster: TestCluster;
  let web: string;
  let db: string;
  const podOf = (app: string): Promise<string> =>
    cluster.kubectl([
      'get',
      'pod',
      '-n',
      'shop',
      '-l',
      `app=${app}`,
      '-o',
      'jsonpath={.items[0].metadata.name}',
    ]);
  const explain = (...words: readonly string[]): Promise<Outcome> => cluster.podnet(['explain', ...words]);
  const diff = (...files: readonly string[]): Promise<Outcome> =>
    cluster.podnet(['policy', 'diff', ...files.flatMap((file) => ['-f', file])]);

  before(async () => {
    cluster = await startTestCluster('explain', { nodes: 2, files: ['examples/network-policies/shop.yaml'] });
    [web, db] = [await podOf('web'), await podOf('db')];
  });
  after(() => cluster?.down());

  it('diff names flows that were seen and would be cut', async () => {
    const ask = ['exec', '-n', 'office', 'report', '--', 'socat', '-T1', '-', 'TCP:db.shop:5432'];
    assert.equal((await cluster.kubectl(ask)).trim(), 'rows');
    const cut =
      /^is cut +office\/report +shop\/db-\S+ +5432\/TCP +\d+ +ingress denied: isolated by NetworkPolicy shop\/db/m;
    await eventually('the nodes tell the flow', async () =>
      cut.test((await cluster.podnet(['policy', 'diff', '--against-flows', '-f', POLICIES])).stdout),
    );
  });

  it('diff tells what policies would close before they are there, and nothing afterwards', async () => {
    const before = await diff(POLICIES);
    assert.equal(before.code, 1);
    assert.match(before.stdout, /^CHANGE +FROM +TO +PORTS$/m);
    assert.match(before.stdout, /^closes +shop\/web +shop\/db +everything but TCP 5432$/m);
    assert.match(before.stdout, /^closes +office\/report, outside +shop\/db +everything$/m);
    await cluster.kubectl(['apply', '-f', POLICIES]);
    const after = await diff(POLICIES);
    assert.deepEqual([after.code, after.stdout], [0, '']);
  });

  it('a dry run of kubectl is warned of the same', async () => {
    const run = (policies: string): Promise<Outcome> =>
      cluster.tryKubectl(['apply', '--dry-run=server', '-f', '-'], { input: policies });
    const open = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: shop }
spec: { podSelector: { matchLabels: { app: db } }, ingress: [{}] }
`;
    const { code, stderr } = await run(open);
    assert.equal(code, 0);
    assert.match(stderr, /^Warning: opens shop\/web -> shop\/db: everything but TCP 5432$/m);
    assert.match(stderr, /^Warning: opens office\/report, outside -> shop\/db: everything$/m);
    const without = await cluster.tryKubectl([
      'delete',
      'networkpolicy',
      'web',
      '-n',
      'shop',
      '--dry-run=server',
    ]);
    assert.match(without.stderr, /^Warning: closes everyone -> shop\/web: TCP 80$/m);
  });

  it('diff ends with 2 for what is no policy, or none that the API server takes', async () => {
    assert.equal((await diff(join(POLICIES, '../shop.yaml'))).code, 2);
    assert.equal((await diff('/nowhere.yaml')).code, 2);
  });

  it('explain names what allows a connection, and the kernel agrees', async () => {
    const { code, stdout } = await explain(`shop/${web}`, 'to', 'svc/shop/db:5432');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^Service shop\/db: 0 of 1 connection to its endpoints denied$/m);
    assert.match(
      stdout,
      /ingress  allowed by rule 1 of NetworkPolicy shop\/db \(pods app=web in namespace shop, TCP sql\)/,
    );
    assert.match(stdout, /kernel   agrees: .*allows the ingress, a connection from the pod was answered/);
  });

  it('explain names what isolates a pod, the nearest rule, and the kernel agrees', async () => {
    const { code, stdout } = await explain(`shop/${web}`, `shop/${db}:80`, '-o', 'json');
    assert.equal(code, 1);
    const { allowed, differs, connections } = JSON.parse(stdout);
    assert.deepEqual([allowed, differs, connections.length], [false, false, 2]); // of both families
    for (const { ingress, kernel } of connections) {
      assert.deepEqual(
        ingress.isolatedBy.map(({ name }: { readonly name: string }) => name),
        ['db', 'default-deny'],
      );
      assert.equal(
        ingress.nearest.text,
        'rule 1 of NetworkPolicy shop/db would allow it if the port were 5432',
      );
      assert.equal(kernel.probe, 'silence');
      assert.equal(kernel.ingress.allowed, false);
    }
  });

  it('explain knows addresses, protocols, the DNS and who is not there', async () => {
    assert.equal((await explain('192.0.2.1', `shop/${web}`)).code, 0);
    assert.equal((await explain('office/report', `shop/${web}/icmp`)).code, 1);
    const dns = await explain('office/report', 'svc/kube-system/kube-dns:53/udp');
    assert.match(dns.stdout, /policies do not look at what is between a pod and its own node/);
    const missing = await explain('office/report', 'shop/web:80');
    assert.equal(missing.code, 2);
    assert.match(
      missing.stderr,
      /there is no pod shop\/web; svc\/shop\/web is a Service; deploy\/shop\/web has pods/,
    );
  });

  it('explain knows tiers, and the addresses that DNS has told of names', async () => {
    await cluster.kubectl(['apply', '-f', '-'], DEFINITION);
    await cluster.kubectl([
      'wait',
      '--for=condition=Established',
      'crd',
      'clusternetworkpolicies.policy.networking.k8s.io',
    ]);
    await cluster.kubectl(['apply', '-f', '-'], NAMES);
    // The Service is of one family, so DNS tells nobody of the pod's other address.
    const ip = await cluster.kubectl(['get', 'pod', '-n', 'shop', web, '-o', 'jsonpath={.status.podIP}']);
    const target = `${ip}:80`;
    await eventually('the policy is in the kernel', async () => {
      const { stdout } = await explain('office/report', target);
      return /egress   denied by rule 2 \(rest\) of ClusterNetworkPolicy names, tier Admin/.test(stdout);
    });
    const ask = [
      'exec',
      '-n',
      'office',
      'report',
      '--',
      'curl',
      '-s',
      '-m',
      '2',
      '-o',
      '/dev/null',
      'web-pods.shop.svc.cluster.local',
    ];
    await cluster.kubectl(ask);
    const { code, stdout } = await explain('office/report', target);
    assert.match(
      stdout,
      /egress   allowed by rule 1 of ClusterNetworkPolicy names, tier Admin \(domains web-pods/,
    );
    assert.match(stdout, /kernel   agrees/);
    assert.equal(code, 0);
    await cluster.kubectl(['delete', 'crd', 'clusternetworkpolicies.policy.networking.k8s.io']);
  });

  it('explain says loudly where the kernel does not do what the policies say', async () => {
    const node = await cluster.kubectl(['get', 'pod', '-n', 'shop', db, '-o', 'jsonpath={.spec.nodeName}']);
    const rules =
      'add table inet intruder; add chain inet intruder forward { type filter hook forward priority 0; }';
    await cluster.onNode(node, ['nft', `${rules}; add rule inet intruder forward tcp dport 5432 drop`]);
    const { code, stdout, stderr } = await explain(`shop/${web}`, `shop/${db}:5432`);
    assert.equal(code, 1);
    assert.match(stdout, /kernel   DIFFERS FROM THE POLICIES: .*got no answer/);
    assert.match(stderr, /THE KERNEL DOES NOT DO WHAT THE POLICIES SAY/);
    await cluster.onNode(node, ['nft', 'delete table inet intruder']);
    await eventually(
      'the kernel agrees again',
      async () => (await explain(`shop/${web}`, `shop/${db}:5432`)).code === 0,
    );
  });
});
