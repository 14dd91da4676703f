// NetworkPolicies with real packets: pods of one node (a, b) and of another (c), two namespaces, both families, TCP and UDP.
// Each case is a world; nobody restarts anything between them.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type {
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../../src/k8s/generated/types.ts';
import { ALL, NONE, TCP, UDP, V4, createPolicyLab } from '../support/policy-lab.ts';
import type { PodName, PolicyLab } from '../support/policy-lab.ts';
import { run } from '../support/test-cluster.ts';

let lab: PolicyLab;
before(async () => {
  lab = await createPolicyLab('policies');
});
beforeEach(() => lab.reset());
after(() => lab?.close());

const pods = (app: string) => ({ podSelector: { matchLabels: { app } } });
const namespaceNamed = (name: string) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
});
const from = (...peers: readonly NetworkPolicyPeer[]): NetworkPolicySpec => ({
  ...pods('a'),
  ingress: [{ from: peers }],
});
const to = (...peers: readonly NetworkPolicyPeer[]): NetworkPolicySpec => ({
  ...pods('a'),
  policyTypes: ['Egress'],
  egress: [{ to: peers }],
});
const atPorts = (...ports: readonly NetworkPolicyPort[]): NetworkPolicySpec => ({
  ...pods('a'),
  ingress: [{ ports }],
});

const OPEN = { 'b > a:8080': ALL, 'c > a:8080': ALL, 'host > a:8080': ALL };
const CLOSED = { 'b > a:8080': NONE, 'c > a:8080': NONE, 'host > a:8080': NONE };
/** The way out of `a`; on the host a TCP server is all there is. */
const OUT = { 'a > b:8080': ALL, 'a > c:8080': ALL, 'a > host:8080': TCP };
const SHUT = { 'a > b:8080': NONE, 'a > c:8080': NONE, 'a > host:8080': NONE };

describe('isolation', () => {
  it('without policies everyone reaches everyone', () => lab.expect({ ...OPEN, ...OUT }));

  it('a policy for ingress closes what comes in, and nothing else; answers pass', async () => {
    lab.putPolicy('x', 'deny', { ...pods('a'), policyTypes: ['Ingress'] });
    await lab.expect({ ...CLOSED, ...OUT, 'c > b:8080': ALL, 'b > c:8080': ALL });
  });

  it('a policy for egress closes what goes out, and nothing else; answers pass', async () => {
    lab.putPolicy('x', 'deny', { ...pods('a'), policyTypes: ['Egress'] });
    await lab.expect({ ...SHUT, ...OPEN, 'c > b:8080': ALL });
  });

  it('without policyTypes: ingress always, egress where there are rules', async () => {
    lab.putPolicy('x', 'p', { ...pods('a'), egress: [{ to: [pods('c')] }] });
    await lab.expect({ ...CLOSED, 'a > b:8080': NONE, 'a > c:8080': ALL, 'a > host:8080': NONE });
  });

  it('an empty selector is every pod of the policy’s namespace', async () => {
    lab.putPolicy('x', 'p', { podSelector: {} });
    await lab.expect({
      'b > a:8080': NONE,
      'b > c:8080': NONE,
      'a > c:8080': NONE,
      'a > b:8080': ALL,
      'c > b:8080': ALL,
    });
  });

  it('an empty rule allows everyone', async () => {
    lab.putPolicy('x', 'closed', { ...pods('a'), ingress: [] });
    await lab.expect(CLOSED);
    lab.putPolicy('x', 'p', { ...pods('a'), ingress: [{}] });
    await lab.expect({ ...OPEN, ...OUT });
  });

  it('policies add up, and their order is nobody’s', async () => {
    for (const [first, second] of [
      ['p1', 'p2'],
      ['p2', 'p1'],
    ] as const) {
      lab.putPolicy('x', first, from({ ...namespaceNamed('y') }));
      lab.putPolicy('x', second, from(pods('c')));
      await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': ALL, 'host > a:8080': NONE });
    }
  });

  it('a connection needs the egress of one end and the ingress of the other', async () => {
    lab.putPolicy('x', 'out', to(pods('c')));
    lab.putPolicy('x', 'in', { ...pods('c'), ingress: [{ from: [namespaceNamed('y')] }] });
    await lab.expect({ 'a > c:8080': NONE, 'b > c:8080': ALL });
    lab.putPolicy('x', 'in', { ...pods('c'), ingress: [{ from: [pods('a')] }] });
    await lab.expect({ 'a > c:8080': ALL, 'b > c:8080': NONE });
  });

  it('a policy that goes opens what it closed', async () => {
    lab.putPolicy('x', 'deny', { ...pods('a'), policyTypes: ['Ingress', 'Egress'] });
    await lab.expect({ ...CLOSED, ...SHUT });
    lab.order({ remove: 'networkPolicies', key: 'x/deny' });
    await lab.expect({ ...OPEN, ...OUT });
  });
});

describe('peers', () => {
  it('a pod selector: pods of the policy’s namespace', async () => {
    lab.putPolicy('x', 'p', from({ podSelector: {} }));
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': ALL, 'host > a:8080': NONE });
  });

  it('a namespace selector: all pods of those namespaces, and nobody outside of the cluster', async () => {
    lab.putPolicy('x', 'p', from(namespaceNamed('y')));
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': NONE });
    lab.putPolicy('x', 'p', from({ namespaceSelector: {} }));
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': ALL, 'host > a:8080': NONE });
  });

  it('both in one peer: pods of those namespaces; as two peers: either', async () => {
    lab.putPolicy('x', 'p', from({ ...namespaceNamed('y'), ...pods('c') }));
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': NONE });
    lab.putPolicy('x', 'p', from(namespaceNamed('y'), pods('c')));
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': ALL, 'host > a:8080': NONE });
  });

  it('expressions', async () => {
    const notC = { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['c'] }] };
    lab.putPolicy('x', 'p', from({ namespaceSelector: {}, podSelector: notC }));
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': NONE });
  });

  it('each rule keeps its peers and its ports together', async () => {
    lab.putPolicy('x', 'p', {
      ...pods('a'),
      ingress: [
        { from: [namespaceNamed('y')], ports: [{ port: 8080 }] },
        { from: [pods('c')], ports: [{ port: 8081, protocol: 'UDP' }] },
      ],
    });
    await lab.expect({ 'b > a:8080': TCP, 'b > a:8081': NONE, 'c > a:8080': NONE, 'c > a:8081': UDP });
  });

  it('ipBlock: of its family, with exceptions, also pods', async () => {
    const [host4] = lab.config.hostAddresses;
    lab.putPolicy('x', 'p', from({ ipBlock: { cidr: '0.0.0.0/0', except: [`${lab.pods.b.ips[0]}/32`] } }));
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': V4, 'host > a:8080': V4 });
    // what one policy excepts another may allow
    lab.putPolicy('x', 'q', from({ ipBlock: { cidr: '10.0.0.0/8', except: [`${host4}/32`] } }));
    await lab.expect({ 'b > a:8080': V4, 'c > a:8080': V4, 'host > a:8080': V4 });
    lab.putPolicy('x', 'p', from({ ipBlock: { cidr: '::/0', except: [`${lab.pods.c.ips[1]}/128`] } }));
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': V4, 'host > a:8080': 'tcp6 udp6' });
  });

  it('ipBlock for egress', async () => {
    lab.putPolicy('x', 'p', to({ ipBlock: { cidr: `${lab.config.hostAddresses[0]}/32` } }));
    await lab.expect({ 'a > b:8080': NONE, 'a > c:8080': NONE, 'a > host:8080': 'tcp4' });
  });
});

describe('ports', () => {
  it('TCP unless said otherwise; one protocol opens no other', async () => {
    lab.putPolicy(
      'x',
      'p',
      atPorts({ port: 8080 }, { port: 8081, protocol: 'UDP' }, { port: 8090, protocol: 'SCTP' }),
    );
    await lab.expect({ 'b > a:8080': TCP, 'c > a:8081': UDP, 'c > a:8090': NONE });
    lab.putPolicy('x', 'p', atPorts({ protocol: 'UDP' }));
    await lab.expect({ 'b > a:8080': UDP, 'c > a:8081': UDP, 'c > a:8090': UDP });
  });

  it('endPort: the range, both ends included', async () => {
    lab.putPolicy(
      'x',
      'p',
      atPorts({ port: 8079, endPort: 8080 }, { port: 8090, endPort: 9000, protocol: 'UDP' }),
    );
    await lab.expect({ 'b > a:8080': TCP, 'b > a:8081': NONE, 'c > a:8090': UDP });
    lab.putPolicy('x', 'p', atPorts({ port: 1, endPort: 65_535 }));
    await lab.expect({ 'b > a:8080': TCP, 'c > a:8090': TCP });
  });

  it('named ports of the pod that is reached, by protocol; an unknown name allows nothing', async () => {
    const named = (port: number, protocol = 'TCP') => ({
      ports: [{ name: 'web', containerPort: port, protocol }],
    });
    lab.putPod('a', named(8081));
    lab.putPolicy('x', 'p', atPorts({ port: 'web' }));
    await lab.expect({ 'b > a:8080': NONE, 'b > a:8081': TCP, 'c > a:8081': TCP });
    lab.putPod('a', named(8081, 'UDP'));
    await lab.expect({ 'b > a:8081': NONE });
    lab.putPod('a', named(8080));
    await lab.expect({ 'b > a:8080': TCP, 'b > a:8081': NONE });
    lab.putPolicy('x', 'p', atPorts({ port: 'other' }));
    await lab.expect({ 'b > a:8080': NONE });
  });

  it('named ports for egress: each peer’s own', async () => {
    lab.putPod('b', { ports: [{ name: 'web', containerPort: 8081 }] });
    lab.putPod('c', { ports: [{ name: 'web', containerPort: 8090 }] });
    lab.putPolicy('x', 'p', {
      ...pods('a'),
      policyTypes: ['Egress'],
      egress: [{ ports: [{ port: 'web' }] }],
    });
    await lab.expect({
      'a > b:8080': NONE,
      'a > b:8081': TCP,
      'a > b:8090': NONE,
      'a > c:8081': NONE,
      'a > c:8090': TCP,
      'a > host:8080': NONE,
    });
  });
});

describe('changes without a restart', () => {
  it('labels of pods: whom a policy selects, and who is a peer', async () => {
    lab.putPolicy('x', 'p', from(pods('c')));
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': ALL });
    lab.putPod('c', { labels: { app: 'other' } });
    await lab.expect({ 'c > a:8080': NONE });
    lab.putPod('a', { labels: { app: 'free' } });
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': ALL });
    lab.putPod('a');
    lab.putPod('c');
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': ALL });
  });

  it('labels of namespaces', async () => {
    lab.putPolicy('x', 'p', from({ namespaceSelector: { matchLabels: { team: 'red' } } }));
    await lab.expect(CLOSED);
    lab.putNamespace('y', { team: 'red' });
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': NONE });
    lab.putNamespace('x', { team: 'red' });
    lab.putNamespace('y', { team: 'blue' });
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': ALL });
  });

  it('a pod that has finished, or has the node’s network, is no peer; nor one that is gone', async () => {
    lab.putPolicy('x', 'p', from({ namespaceSelector: {} }));
    const others: readonly PodName[] = ['b', 'c'];
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': ALL });
    lab.putPod('b', { phase: 'Succeeded' });
    lab.putPod('c', { hostNetwork: true });
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': NONE });
    for (const pod of others) lab.putPod(pod);
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': ALL });
    lab.order({ remove: 'pods', key: 'x/c' });
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': NONE });
  });
});

describe('nodes', () => {
  it('a node and its own pods always reach each other; other nodes are addresses like any other', async () => {
    lab.putPolicy('x', 'a', { ...pods('a'), policyTypes: ['Ingress', 'Egress'] });
    lab.putPolicy('x', 'c', { ...pods('c'), policyTypes: ['Ingress', 'Egress'] });
    await lab.expect({
      ...CLOSED,
      'node > a:8080': ALL,
      'a > node:8080': TCP,
      'node > c:8080': NONE,
      'c > node:8080': NONE,
    });
    lab.putPolicy('x', 'c', {
      ...pods('c'),
      ingress: [
        {
          from: lab.config.nodes[0]!.addresses.map((ip) => ({
            ipBlock: { cidr: `${ip}/${ip.includes(':') ? 128 : 32}` },
          })),
        },
      ],
    });
    await lab.expect({
      'node > c:8080': ALL,
      'c > node:8080': TCP,
      'a > c:8080': NONE,
      'host > c:8080': NONE,
    });
  });

  it('a pod always reaches itself', async () => {
    lab.putPolicy('x', 'a', { ...pods('a'), policyTypes: ['Ingress', 'Egress'] });
    await lab.expect({ ...CLOSED, 'a > a:8080': ALL });
  });
});

describe('ICMP', () => {
  const ping = async (from: string, host: string): Promise<boolean> =>
    (await run('ip', ['netns', 'exec', `podnet-policies-${from}`, 'busybox', 'ping', '-c1', '-W1', host]))
      .code === 0;
  const pings = async (from: string, hosts: readonly string[]): Promise<readonly boolean[]> =>
    Promise.all(hosts.map((host) => ping(from, host)));

  it('is allowed by rules without ports', async () => {
    lab.putPolicy('x', 'p', from(namespaceNamed('y')));
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': NONE });
    assert.deepEqual(await pings('node-1-b', lab.ips('a')), [true, true]);
    assert.deepEqual(await pings('node-2-c', lab.ips('a')), [false, false]);
    lab.putPolicy('x', 'p', atPorts({ port: 8080 }));
    await lab.expect({ 'b > a:8080': TCP });
    assert.deepEqual(await pings('node-1-b', lab.ips('a')), [false, false]);
  });

  it('errors that answer an allowed packet come back', async () => {
    lab.putPolicy('x', 'p', { ...to(pods('c')), policyTypes: ['Ingress', 'Egress'] });
    await lab.expect({ ...CLOSED, 'a > c:8080': ALL, 'a > b:8080': NONE });
    for (const host of lab.ips('c'))
      assert.equal(await lab.pods.a.dial({ host, port: 9, transport: 'udp' }), 'error ECONNREFUSED');
  });
});

describe('an agent that dies', () => {
  it('opens nothing and closes nothing, and hears of everything when it is back', async () => {
    lab.putPolicy('x', 'p', from(pods('c')));
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': ALL });
    await lab.killAgent('node-1');
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': ALL, 'host > a:8080': NONE });
    lab.putPolicy('x', 'p', from(namespaceNamed('y')));
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': ALL });
    await lab.startAgent('node-1');
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': NONE });
  });

  it('what someone else did to the table is put right', async () => {
    lab.putPolicy('x', 'p', from(pods('c')));
    const asItShould = { 'b > a:8080': NONE, 'c > a:8080': ALL };
    await lab.expect(asItShould);
    for (const harm of [
      'delete table inet podnet-policies',
      'flush chain inet podnet-policies forward',
      'flush map inet podnet-policies ingress4',
      'flush map inet podnet-policies rows',
    ]) {
      lab.nft('node-1').run(harm);
      await lab.expect(asItShould);
    }
  });
});
