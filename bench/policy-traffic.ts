// What do policies cost the packets of a connection, by their number? Beside a node that tracks connections and has none, and
// beside the naive layout: a rule for each peer and port, of which the last one allows.
//
// In turns, A B A B ... A, both ends on one core: a ratio is that of a turn to the mean of the two beside it, by CPU time
// (service-throughput.ts says why).
// Needs root. `node bench/policy-traffic.ts ROUNDS`
import { setTimeout as delay } from 'node:timers/promises';
import { withNetns } from '../src/kernel/netns.ts';
import { openNft } from '../src/kernel/nft.ts';
import type { Nft } from '../src/kernel/nft.ts';
import { systemClock as clock } from '../src/lang/clock.ts';
import { silentLog as log } from '../src/lang/log.ts';
import { createPolicyCompiler } from '../src/policy/compile/policy-compiler.ts';
import type { PolicyCompiler } from '../src/policy/compile/policy-compiler.ts';
import { PolicyTable } from '../src/policy/kernel/policy-table.ts';
import { networkPolicyRules } from '../src/policy/model/network-policy.ts';
import { policyPodOf } from '../src/policy/model/world.ts';
import { createLab, podAddresses } from '../test/support/service-lab.ts';
import type { Lab } from '../test/support/service-lab.ts';
import { makeCgroup, removeCgroup } from '../test/support/test-cgroup.ts';
import { percentile, report } from './report.ts';
import { PORTS, startClient, startServer } from './traffic.ts';
import type { Kind, TrafficClient, TrafficServer } from './traffic.ts';

const ROUNDS = Number(process.argv[2] ?? 100);
const TURN_MS = 20;
const KINDS = ['stream', 'crr'] as const satisfies readonly Kind[];
const SIZES = [0, 100, 1000, 10_000];
const LINEAR_SIZES = [100, 1000];
const cgroup = `/podnet-bench-${process.pid}`;
const [server] = podAddresses(1);

type Node = {
  readonly lab: Lab;
  readonly nft: Nft;
  readonly servers: TrafficServer;
  readonly client: TrafficClient;
};

const startNode = async (name: string): Promise<Node> => {
  const lab = await createLab(name, 2);
  const nft = withNetns(lab.nodeNetns, openNft);
  // a minute of connections is not to fill the table
  await lab.onNode('sysctl', '-qw', 'net.netfilter.nf_conntrack_tcp_timeout_close=1');
  const servers = await startServer(lab.podNetns(1));
  return { lab, nft, servers, client: await startClient(lab.podNetns(2), servers, makeCgroup(cgroup)) };
};

const forward = (table: string, rules: readonly string[]): string =>
  [
    `add table inet ${table}`,
    `add chain inet ${table} forward { type filter hook forward priority 0; }`,
    ...rules.map((rule) => `add rule inet ${table} forward ${rule}`),
  ].join('\n');

const ESTABLISHED = 'ct state established,related accept';
const ports = Object.values(PORTS);

const podOf = (n: number) =>
  policyPodOf({
    metadata: { namespace: 'bench', name: `pod-${n}`, labels: { app: `pod-${n}` } },
    spec: { nodeName: 'node-1', containers: [] },
    status: { phase: 'Running', podIPs: podAddresses(n).map((ip) => ({ ip })) },
  })!;

const peerOf = (n: number): string => `10.${100 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;

/** Each lets in somebody else at a port of its own; the last lets in the client. All select the server. */
const policyOf = (n: number, isLast: boolean) =>
  networkPolicyRules({
    metadata: { namespace: 'bench', name: `policy-${n}` },
    spec: {
      podSelector: { matchLabels: { app: 'pod-1' } },
      ingress: [
        isLast
          ? {
              from: [{ podSelector: { matchLabels: { app: 'pod-2' } } }],
              ports: ports.map((port) => ({ port })),
            }
          : { from: [{ ipBlock: { cidr: `${peerOf(n)}/32` } }], ports: [{ port: 1000 + (n % 8000) }] },
      ],
    },
  });

const startCompiler = (): PolicyCompiler => {
  const compiler = createPolicyCompiler();
  compiler.upsertNamespace('bench', {});
  for (const n of [1, 2]) {
    compiler.upsertPod(podOf(n));
    compiler.upsertLocal(`bench/pod-${n}`, podAddresses(n));
  }
  return compiler;
};

const [bare, node, linear] = [
  await startNode('bare'),
  await startNode('policies'),
  await startNode('linear'),
];
const nodes = [bare, node, linear];
const rows: string[][] = [];

const measure = async (what: string, other: TrafficClient): Promise<void> => {
  for (const kind of KINDS) {
    const rate = (client: TrafficClient) =>
      client.run({ kind, host: server, ms: TURN_MS, place: 'one core' });
    const ratios: number[] = [];
    await rate(other);
    let before = await rate(bare.client);
    for (let round = 0; round < ROUNDS; round++) {
      const figure = await rate(other);
      const after = await rate(bare.client);
      ratios.push((2 * figure) / (before + after));
      before = after;
    }
    const quartiles = [0.25, 0.75].map((p) => percentile(ratios, p).toFixed(3)).join(' .. ');
    rows.push([what, kind, percentile(ratios, 0.5).toFixed(3), quartiles]);
    process.stderr.write(`${rows.at(-1)!.join('  ')}\n`);
    await delay(200); // connections of the kind before are gone
  }
};

try {
  bare.nft.run(forward('tracked', [ESTABLISHED]));
  const table = PolicyTable.open({ nft: node.nft, clock, log, dnsAddresses: [] }, new Map());
  const compiler = startCompiler();
  let present = 0;
  for (const size of SIZES) {
    if (present > 0) compiler.upsertPolicy(policyOf(present - 1, false));
    for (let n = present; n < size; n++) compiler.upsertPolicy(policyOf(n, n === size - 1));
    present = size;
    table.apply(compiler.flush().changes);
    await measure(`${size} policies`, node.client);
  }
  for (const size of LINEAR_SIZES) {
    const others = Array.from(
      { length: size - 1 },
      (_, n) => `ip saddr ${peerOf(n)} tcp dport ${1000 + (n % 8000)} accept`,
    );
    const last = `ip saddr ${podAddresses(2)[0]} tcp dport { ${ports.join(', ')} } accept`;
    linear.nft.run(
      `add table inet linear\ndelete table inet linear\n${forward('linear', [ESTABLISHED, ...others, last, 'drop'])}`,
    );
    await measure(`a list of ${size} rules`, linear.client);
  }
} finally {
  for (const { client, servers } of nodes) for (const each of [client, servers]) each.close();
  for (const { lab, nft } of nodes) {
    nft.close();
    await lab.close();
  }
  await delay(100);
  removeCgroup(cgroup);
}

report(
  `TCP between two pods of a node, ${ROUNDS} rounds of ${TURN_MS} ms: ratios to a node without policies in the turns beside`,
  ['WHAT', 'TRAFFIC', 'RATIO', 'QUARTILES'],
  [...rows, ['bar', '', 'flat within 0.05', '']],
);
process.exit();
