// ClusterNetworkPolicies with real packets: tiers, priorities, actions and peers, of both families and protocols.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { parse } from 'yaml';
import type { ClusterNetworkPolicySpec } from '../../src/k8s/cluster-network-policy.ts';
import { netnsPath } from '../../src/kernel/netns.ts';
import { startNetnsAgent } from '../support/netns-agent.ts';
import type { NetnsAgent } from '../support/netns-agent.ts';
import { ALL, NONE, TCP, UDP, V6, createPolicyLab } from '../support/policy-lab.ts';
import type { PolicyLab } from '../support/policy-lab.ts';
import { run } from '../support/test-cluster.ts';

let lab: PolicyLab;
let node2: NetnsAgent;
before(async () => {
  lab = await createPolicyLab('tiers');
  node2 = startNetnsAgent(netnsPath('podnet-tiers-node-2'));
  await node2.serve('node-2', 'tcp', 8080);
});
beforeEach(() => lab.reset());
after(async () => {
  await node2?.close();
  await lab?.close();
});

const app = (name: string): string =>
  `{ pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: ${name} } } } }`;
const inNamespace = (name: string): string =>
  `{ namespaces: { matchLabels: { kubernetes.io/metadata.name: ${name} } } }`;
const EVERY_POD = '{ namespaces: {} }';

/** An Admin policy of priority 10 on pod a, unless the YAML says otherwise. */
const put = (name: string, yaml: string): void =>
  lab.putClusterPolicy(name, {
    tier: 'Admin',
    priority: 10,
    subject: parse(app('a')),
    ...(parse(yaml) as Partial<ClusterNetworkPolicySpec>),
  });

const from = (action: string, peer: string): string => `{ action: ${action}, from: [${peer}] }`;
const to = (action: string, peer: string, more = ''): string =>
  `{ action: ${action}, to: [${peer}] ${more} }`;

const v1Allow = (peer?: string): void =>
  lab.putPolicy('x', 'v1', {
    podSelector: { matchLabels: { app: 'a' } },
    ingress: peer ? [{ from: [parse(peer)] }] : [],
  });

describe('tiers', () => {
  it('a Deny of the Admin tier ends it, whatever a NetworkPolicy allows', async () => {
    v1Allow('{ namespaceSelector: {} }');
    put('deny', `ingress: [${from('Deny', app('b'))}]`);
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': ALL, 'host > a:8080': NONE });
  });

  it('an Accept of the Admin tier ends it, whatever a NetworkPolicy isolates', async () => {
    v1Allow();
    put('accept', `ingress: [${from('Accept', app('b'))}]`);
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': NONE });
  });

  it('a Pass leaves it to the NetworkPolicies', async () => {
    v1Allow('{ podSelector: { matchLabels: { app: c } } }');
    put('pass', `ingress: [${from('Pass', EVERY_POD)}, ${from('Deny', EVERY_POD)}]`);
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': ALL });
  });

  it('a Pass leaves it to the Baseline tier where there is no NetworkPolicy', async () => {
    put('pass', `ingress: [${from('Pass', app('c'))}, ${from('Deny', EVERY_POD)}]`);
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': ALL });
    put('base', `{ tier: Baseline, ingress: [${from('Deny', app('c'))}] }`);
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': NONE });
  });

  it('the Baseline tier is for pods without a NetworkPolicy in that direction', async () => {
    put(
      'base',
      `{ tier: Baseline, ingress: [${from('Deny', EVERY_POD)}], egress: [${to('Deny', app('b'))}] }`,
    );
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': NONE, 'host > a:8080': ALL, 'a > b:8080': NONE });
    v1Allow('{ podSelector: { matchLabels: { app: c } } }');
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': ALL, 'host > a:8080': NONE, 'a > b:8080': NONE });
  });

  it('a Pass of the Baseline tier leaves nobody to deny', async () => {
    put('base', `{ tier: Baseline, ingress: [${from('Pass', app('b'))}, ${from('Deny', EVERY_POD)}] }`);
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': NONE });
  });

  it('what one end accepts the other end can deny', async () => {
    put('out', `egress: [${to('Accept', EVERY_POD)}]`);
    put('in', `{ subject: ${app('b')}, ingress: [${from('Deny', app('a'))}] }`);
    await lab.expect({ 'a > b:8080': NONE, 'a > c:8080': ALL });
  });

  it('a policy with rules for one direction leaves the other alone', async () => {
    put('in', `ingress: [${from('Deny', EVERY_POD)}]`);
    await lab.expect({ 'b > a:8080': NONE, 'a > b:8080': ALL, 'host > a:8080': ALL });
  });
});

describe('priorities', () => {
  it('the lower number is asked first', async () => {
    put('accept', `{ priority: 5, ingress: [${from('Accept', app('b'))}] }`);
    put('deny', `{ priority: 6, ingress: [${from('Deny', EVERY_POD)}] }`);
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': NONE });
    put('deny', `{ priority: 4, ingress: [${from('Deny', EVERY_POD)}] }`);
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': NONE });
  });

  it('of equal ones the lesser name is', async () => {
    put('b-deny', `ingress: [${from('Deny', EVERY_POD)}]`);
    put('a-accept', `ingress: [${from('Accept', app('b'))}]`);
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': NONE });
  });

  it('of the rules of one the first that matches counts, port by port', async () => {
    put(
      'rules',
      `ingress:
        - { action: Deny, from: [${app('b')}], protocols: [{ tcp: { destinationPort: { number: 8080 } } }] }
        - { action: Accept, from: [${app('b')}], protocols: [{ tcp: { destinationPort: { range: { start: 8080, end: 8081 } } } }] }
        - { action: Deny, from: [${app('b')}], protocols: [{ tcp: { destinationPort: { range: { start: 1, end: 65535 } } } }] }`,
    );
    await lab.expect({ 'b > a:8080': UDP, 'b > a:8081': ALL, 'b > a:8090': UDP, 'c > a:8080': ALL });
  });
});

describe('peers', () => {
  it('namespaces and pods are pods, not addresses of nodes and of the outside', async () => {
    put('only', `ingress: [${from('Accept', inNamespace('y'))}, ${from('Deny', EVERY_POD)}]`);
    await lab.expect({ 'b > a:8080': ALL, 'c > a:8080': NONE, 'host > a:8080': ALL });
    lab.putNamespace('x', { 'kubernetes.io/metadata.name': 'y' });
    await lab.expect({ 'c > a:8080': ALL });
  });

  it('networks are whatever is in them, pods too, each family for itself', async () => {
    put('v4', `egress: [${to('Deny', '{ networks: [0.0.0.0/0] }')}]`);
    await lab.expect({ 'a > b:8080': V6, 'a > c:8080': V6, 'a > outside:8080': V6 });
    put('v6', `egress: [${to('Deny', '{ networks: ["::/0"] }')}]`);
    await lab.expect({ 'a > b:8080': NONE, 'a > outside:8080': NONE, 'b > outside:8080': ALL });
  });

  it('a Pass for pods before networks leaves those for the outside', async () => {
    put('outside', `egress: [${to('Pass', EVERY_POD)}, ${to('Deny', '{ networks: [0.0.0.0/0, "::/0"] }')}]`);
    await lab.expect({ 'a > b:8080': ALL, 'a > c:8080': ALL, 'a > outside:8080': NONE });
  });

  it('networks also match ICMP, which ports do not', async () => {
    const ping = async (): Promise<string> => {
      const host = lab.ips('b')[0]!;
      const netns = 'podnet-tiers-node-1-a';
      const { code } = await run('ip', ['netns', 'exec', netns, 'busybox', 'ping', '-c1', '-W1', host]);
      return code === 0 ? 'answer' : 'none';
    };
    put(
      'ports',
      `egress: [${to('Deny', EVERY_POD, ', protocols: [{ udp: { destinationPort: { number: 8080 } } }]')}]`,
    );
    await lab.expect({ 'a > b:8080': TCP });
    assert.equal(await ping(), 'answer');
    put('ports', `egress: [${to('Deny', '{ networks: [10.0.0.0/8] }')}]`);
    await lab.expect({ 'a > b:8080': V6 });
    assert.equal(await ping(), 'none');
  });

  it('nodes are their addresses, by labels; the own node is always reached', async () => {
    const second = '{ nodes: { matchLabels: { kubernetes.io/hostname: node-2 } } }';
    put('nodes', `egress: [${to('Accept', second)}, ${to('Deny', '{ networks: [0.0.0.0/0, "::/0"] }')}]`);
    await lab.expect({
      'a > node-2:8080': TCP,
      'a > node:8080': TCP,
      'a > host:8080': NONE,
      'a > c:8080': NONE,
    });
    put('nodes', `egress: [${to('Deny', '{ nodes: {} }')}]`);
    await lab.expect({ 'a > node-2:8080': NONE, 'a > node:8080': TCP, 'a > c:8080': ALL });
  });

  it('named ports are those of the pod that is connected to, of whichever protocol', async () => {
    lab.putPod('b', { ports: [{ name: 'web', containerPort: 8081 }] });
    lab.putPod('c', { ports: [{ name: 'web', containerPort: 8090, protocol: 'UDP' }] });
    put(
      'named',
      `egress: [${to('Accept', EVERY_POD, ', protocols: [{ destinationNamedPort: web }]')}, ${to('Deny', EVERY_POD)}]`,
    );
    await lab.expect({
      'a > b:8080': NONE,
      'a > b:8081': TCP,
      'a > b:8090': NONE,
      'a > c:8081': NONE,
      'a > c:8090': UDP,
    });
  });
});

describe('what happens to a connection', () => {
  it('a denied one is dropped without a word', async () => {
    put('deny', `ingress: [${from('Deny', EVERY_POD)}]`);
    await lab.expect({ 'b > a:8080': NONE });
    for (const transport of ['tcp', 'udp'] as const)
      assert.equal(
        await lab.pods.b.dial({ host: lab.ips('a')[0]!, port: 8080, transport, timeoutMs: 500 }),
        'error ETIMEDOUT',
      );
  });

  it('a pod reaches itself at its own address', async () => {
    put('none', `{ ingress: [${from('Deny', EVERY_POD)}], egress: [${to('Deny', EVERY_POD)}] }`);
    await lab.expect({ 'a > b:8080': NONE, 'a > a:8080': ALL });
  });
});

describe('what is unknown', () => {
  it('is closed: nobody is accepted, and everybody denied', async () => {
    put('closed', `ingress: [${from('Accept', '{ tenants: {} }')}, ${from('Deny', app('b'))}]`);
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': ALL });
    put('closed', `ingress: [${from('Pass', '{ tenants: {} }')}]`);
    await lab.expect({ 'b > a:8080': NONE, 'c > a:8080': NONE, 'host > a:8080': NONE });
  });

  it('without the definition there are no policies, and with it they are there again', async () => {
    put('deny', `ingress: [${from('Deny', EVERY_POD)}]`);
    await lab.expect({ 'b > a:8080': NONE });
    lab.removeDefinition();
    await lab.expect({ 'b > a:8080': ALL });
    lab.putDefinition();
    await lab.expect({ 'b > a:8080': NONE });
  });
});
