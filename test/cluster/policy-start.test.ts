// No packet of a pod passes that its policies deny: not of its first instruction, not of an init container, not while its
// node's agent is dead, and not when it comes back. Counted where the packets would arrive.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readRecord } from '../../src/embedded/cluster-files.ts';
import { isAlive } from '../../src/kernel/process-id.ts';
import { netnsPath } from '../../src/kernel/netns.ts';
import { countPackets } from '../support/packet-counter.ts';
import type { PacketCounter } from '../support/packet-counter.ts';
import { eventually } from '../support/poll.ts';
import { run, runOk, runPodnet, startTestCluster } from '../support/test-cluster.ts';
import type { TestCluster } from '../support/test-cluster.ts';

const NAME = 'polstart';

const server = (name: string, node: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }
spec:
  nodeName: ${node}
  terminationGracePeriodSeconds: 0
  containers: [{ name: main, image: podnet/toolbox, command: [sleep, infinity] }]
`;

/** Only to pods labelled `allowed`, and from nobody. */
const POLICIES = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: senders, namespace: shop }
spec:
  podSelector: { matchLabels: { role: sender } }
  policyTypes: [Egress]
  egress: [{ to: [{ podSelector: { matchLabels: { app: allowed } } }] }]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: guarded, namespace: shop }
spec:
  podSelector: { matchLabels: { app: guarded } }
  ingress: [{ from: [{ podSelector: { matchLabels: { role: friend } } }] }]
`;

/** 500 datagrams and a SYN to each, at once. */
const flood = (targets: readonly string[]): string =>
  targets
    .map((ip) => {
      const host = ip.includes(':') ? `[${ip}]` : ip;
      return `{ head -c 32000 /dev/zero | socat -u -b64 STDIN UDP-SENDTO:${host}:9; } & nc -w1 ${ip} 9 </dev/null & `;
    })
    .join('');

const sender = (name: string, role: string, targets: readonly string[]): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { role: ${role} } }
spec:
  nodeName: node-1
  terminationGracePeriodSeconds: 0
  initContainers:
    - { name: init, image: podnet/toolbox, command: [sh, -c, '${flood(targets)} wait'] }
  containers:
    - { name: main, image: podnet/toolbox, command: [sh, -c, '${flood(targets)} wait; exec sleep infinity'] }
`;

describe('a pod that sends from its first instruction', () => {
  let folder: string;
  let cluster: TestCluster;
  const ips = new Map<string, readonly string[]>();
  const counters = new Map<string, PacketCounter>();
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'podnet-state-'));
    cluster = await startTestCluster(NAME, { nodes: 2, state: join(folder, 'state') });
    const servers = ['allowed', 'denied', 'guarded'].flatMap((name) =>
      ['node-1', 'node-2'].map((node) =>
        server(name, node).replace(`name: ${name},`, `name: ${name}-${node},`),
      ),
    );
    await cluster.kubectl(['apply', '-f', '-'], [POLICIES, ...servers].join('---'));
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pods', '--all', '-n', 'shop', '--timeout=60s']);
    for (const { name, ips: own } of await podList()) {
      ips.set(name, own);
      const [node] = /node-\d$/.exec(name)!;
      counters.set(
        name,
        countPackets(netnsPath(await netnsWith(node, own[0]!)), 'meta l4proto { tcp, udp } th dport 9'),
      );
    }
  });
  after(async () => {
    for (const counter of counters.values()) counter.close();
    await cluster?.down();
    rmSync(folder, { recursive: true, force: true });
  });

  const podList = async () => {
    const text = await cluster.kubectl(['get', 'pods', '-n', 'shop', '-o', 'json']);
    const { items } = JSON.parse(text) as {
      readonly items: readonly {
        readonly metadata: { readonly name: string };
        readonly status: { readonly podIPs: readonly { readonly ip: string }[] };
      }[];
    };
    return items.map(({ metadata: { name }, status }) => ({ name, ips: status.podIPs.map(({ ip }) => ip) }));
  };
  const netnsWith = async (node: string, ip: string): Promise<string> => {
    const names = (await runOk('ip', ['netns', 'list'])).split('\n').map((line) => line.split(' ')[0]!);
    for (const name of names.filter((each) => each.startsWith(`podnet-${NAME}-${node}-`)))
      if ((await run('ip', ['-n', name, '-o', 'address'])).stdout.includes(` ${ip}/`)) return name;
    throw new Error(`no namespace has ${ip}`);
  };
  const arrived = (app: string): readonly number[] =>
    [...counters].filter(([name]) => name.startsWith(app)).map(([, counter]) => counter.read());
  const everyone = (): readonly string[] => [...ips.values()].flat();
  const runSender = async (name: string, role: string): Promise<void> => {
    await cluster.kubectl(['apply', '-f', '-'], sender(name, role, everyone()));
    await cluster.kubectl(['wait', '--for=condition=Ready', `pod/${name}`, '-n', 'shop', '--timeout=60s']);
  };
  const grown = (before: readonly number[], app: string): Promise<unknown> =>
    eventually(`packets arrive at ${app}`, () =>
      arrived(app).every((count, index) => count > before[index]! + 100),
    );

  it('reaches who is allowed, and nobody else: main and init container, UDP and TCP, both families', async () => {
    for (const name of ['one', 'two', 'three']) {
      const before = arrived('allowed');
      await runSender(name, 'sender');
      await grown(before, 'allowed');
    }
    assert.deepEqual(arrived('denied'), [0, 0]);
    assert.deepEqual(arrived('guarded'), [0, 0]);
  });

  it('is counted where nothing denies it', async () => {
    const before = arrived('denied');
    await runSender('free', 'friend');
    await grown(before, 'denied');
    await grown([0, 0], 'guarded');
    await cluster.kubectl(['delete', 'pod', 'free', '-n', 'shop']); // when the cluster goes on, it would begin again
  });

  it('sends nothing that is denied while its agent is dead, nor when it goes on', async () => {
    const [denied, guarded] = [arrived('denied'), arrived('guarded')];
    const loop = `while :; do ${flood(everyone())} wait; done`;
    const manifest = sender('loop', 'sender', everyone()).replace(
      /(name: main.*'\])/,
      `name: main, image: podnet/toolbox, command: [sh, -c, '${loop}']`,
    );
    await cluster.kubectl(['apply', '-f', '-'], manifest);
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/loop', '-n', 'shop', '--timeout=60s']);
    const running = readRecord(NAME)!;
    process.kill(running.pid, 'SIGKILL');
    await eventually('the process is gone', () => !isAlive(running));
    await grown(arrived('allowed'), 'allowed');
    const { code, stderr } = await runPodnet([
      'up',
      '--name',
      NAME,
      '--kubeconfig',
      cluster.kubeconfig,
      '--state',
      join(folder, 'state'),
    ]);
    assert.equal(code, 0, stderr);
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/loop', '-n', 'shop', '--timeout=60s']);
    await grown(arrived('allowed'), 'allowed');
    await runSender('later', 'sender');
    assert.deepEqual([arrived('denied'), arrived('guarded')], [denied, guarded]);
  });
});
