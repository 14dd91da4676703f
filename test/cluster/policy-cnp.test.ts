// ClusterNetworkPolicies as their users have them: the project's own definitions and kubectl, in a whole cluster.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { goModule, manifestsIn, skipOf } from '../support/go-modules.ts';
import { eventually } from '../support/poll.ts';
import { type TestCluster, startTestCluster } from '../support/test-cluster.ts';

const api = goModule('sigs.k8s.io/network-policy-api@v0.3.0');

const pod = (name: string, node: string, more = ''): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${name} } }
spec:
  ${more}
  nodeSelector: { kubernetes.io/hostname: ${node} }
  terminationGracePeriodSeconds: 0
  containers:
    - { name: tools, image: podnet/toolbox, command: [sleep, infinity] }
    - { name: web, image: nginx, ports: [{ name: web, containerPort: 80 }] }
`;

const service = (name: string, of: string, more = ''): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${of} }, ports: [{ port: 80 }] ${more} }
`;

const OBJECTS = [
  pod('client', 'node-1'),
  pod('server', 'node-2'),
  pod('host', 'node-2', 'hostNetwork: true'),
  service('leads-back', 'client'),
  service('server', 'server', ', clusterIP: None'),
].join('---');

/** On the pod `client`, unless the fields say otherwise. */
const policy = (fields: string, version = 'v1beta1'): string => `
apiVersion: policy.networking.k8s.io/${version}
kind: ClusterNetworkPolicy
metadata: { name: test }
spec:
  tier: Admin
  priority: 1
  subject: { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: client } } } }
${fields}`;

const DENY_PODS = '  egress: [{ action: Deny, to: [{ namespaces: {} }] }]';

describe('ClusterNetworkPolicies', { skip: skipOf(api) }, () => {
  let cluster: TestCluster;
  let ips: Readonly<Record<string, string>>;
  const apply = (manifest: string): Promise<string> => cluster.kubectl(['apply', '-f', '-'], manifest);
  const definition = (channel: string): readonly string[] =>
    manifestsIn(`${api.folder}/config/crd/${channel}`).flatMap((file) => ['-f', file]);
  const define = (channel: string): Promise<string> =>
    cluster.kubectl(['apply', '--server-side', ...definition(channel)]);
  before(async () => {
    cluster = await startTestCluster('cnp', { nodes: 2 });
    await apply(OBJECTS);
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pods', '--all', '--timeout=60s']);
    const lines = await cluster.kubectl([
      'get',
      'pods',
      '-o',
      'jsonpath={range .items[*]}{.metadata.name}={.status.podIP},{end}',
    ]);
    ips = Object.fromEntries(
      lines
        .split(',')
        .filter(Boolean)
        .map((line) => line.split('=')),
    );
    await define('standard');
  });
  afterEach(() => cluster.tryKubectl(['delete', 'cnp', 'test', '--ignore-not-found']));
  after(() => cluster?.down());

  /** Whether the pod gets nginx' page from the host. */
  const reaches = async (from: string, host: string): Promise<boolean> => {
    const curl = ['curl', '-sS', '-m', '1', `http://${host}/`];
    const { code, stderr } = await cluster.tryKubectl(['exec', from, '-c', 'tools', '--', ...curl]);
    if (code !== 0) assert.match(stderr, /timed out/i);
    return code === 0;
  };
  const open = (from: string, host: string): Promise<unknown> =>
    eventually(`${from} reaches ${host}`, () => reaches(from, host));
  const closed = (from: string, host: string): Promise<unknown> =>
    eventually(`${from} does not reach ${host}`, async () => !(await reaches(from, host)));

  it('are enforced in either version, change, and go', async () => {
    for (const version of ['v1alpha2', 'v1beta1']) {
      await open('client', ips['server']!);
      await apply(policy(DENY_PODS, version));
      await closed('client', ips['server']!);
      assert.match(await cluster.kubectl(['get', 'cnp']), /NAME +TIER +PRIORITY +AGE\ntest +Admin +1 /);
      await apply(policy(DENY_PODS.replace('Deny', 'Accept'), version));
      await open('client', ips['server']!);
      await apply(policy(DENY_PODS, version));
      await closed('client', ips['server']!);
      await cluster.kubectl(['delete', 'cnp', 'test']);
    }
    await open('client', ips['server']!);
  });

  it('say in their condition Enforced when every node has them, in either version', async () => {
    const wait = ['wait', '--for=condition=Enforced', 'clusternetworkpolicy/test', '--timeout=20s'];
    for (const version of ['v1beta1', 'v1alpha2']) {
      await apply(policy(DENY_PODS, version));
      await cluster.kubectl(wait);
      assert.ok(!(await reaches('client', ips['server']!)));
      await cluster.kubectl(['delete', 'clusternetworkpolicy', 'test']);
    }
  });

  it('a pod at a Service that leads back to it is subject, at its own address it is not', async () => {
    await open('client', 'leads-back');
    await apply(policy('  ingress: [{ action: Deny, from: [{ namespaces: {} }] }]'));
    await closed('client', 'leads-back');
    assert.ok(await reaches('client', ips['client']!));
  });

  it('pods in the network of their node are no pods, neither as subjects nor as peers', async () => {
    const everyPod = `
  subject: { namespaces: {} }
  egress: [{ action: Deny, to: [{ namespaces: {} }] }]`;
    await apply(policy('').replace(/ {2}subject.*\n/, `${everyPod}\n`));
    await closed('client', ips['server']!);
    assert.ok(await reaches('client', ips['host']!));
    assert.ok(await reaches('host', ips['client']!));
  });

  it('of the experimental channel, nodes are those in the network of their node too', async () => {
    await define('experimental');
    await apply(policy('  egress: [{ action: Deny, to: [{ nodes: {} }] }]'));
    await closed('client', ips['host']!);
    assert.ok(await reaches('client', ips['server']!));
  });

  it('of the experimental channel, names are what the cluster DNS said of them', async () => {
    await define('experimental');
    await apply(
      policy(`
  egress:
    - { action: Accept, to: [{ domainNames: [server.default.svc.cluster.local] }] }
    - { action: Deny, to: [{ networks: [0.0.0.0/0, "::/0"] }] }`),
    );
    await closed('client', ips['server']!);
    assert.ok(await reaches('client', 'server.default.svc.cluster.local'));
  });

  it('end with their definition, and the nodes go on', async () => {
    await apply(policy(DENY_PODS));
    await closed('client', ips['server']!);
    await cluster.kubectl(['delete', 'crd', 'clusternetworkpolicies.policy.networking.k8s.io']);
    await open('client', ips['server']!);
    await define('standard');
    await apply(policy(DENY_PODS));
    await closed('client', ips['server']!);
  });
});
