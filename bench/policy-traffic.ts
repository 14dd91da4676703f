// What do policies cost a connection, with 100, 1,000 and 10,000 of them at the pod that is reached, next to none, and next to
// as many rules in a list? All servers are there at once and are asked in turn, so that noise falls on all. Needs root.
// node bench/policy-traffic.ts [CONNECTS ROUNDS]
import { openNft } from '../src/kernel/nft.ts';
import { withNetns } from '../src/kernel/netns.ts';
import { startPolicyAgentThread } from '../test/support/policy-agent-thread.ts';
import type { PolicyOrder } from '../test/support/policy-agent-thread.ts';
import { createLab, podAddresses } from '../test/support/service-lab.ts';
import { makeCgroup, removeCgroup } from '../test/support/test-cgroup.ts';
import { percentile, report } from './report.ts';
import { PORTS, startClient, startServer } from './traffic.ts';

const [CONNECTS = 5000, ROUNDS = 20] = process.argv.slice(2).map(Number);
const COUNTS = [100, 1000, 10_000] as const;
const TURN_MS = 50;
const CGROUP = `/podnet-bench-${process.pid}/client`;

type Server = {
  readonly name: string;
  readonly n: number;
  readonly policies: number;
  readonly rules: number;
};
const servers: readonly Server[] = [
  { name: 'no policy', n: 1, policies: 0, rules: 0 },
  ...COUNTS.map((policies, i) => ({ name: `${policies} policies`, n: 2 + i, policies, rules: 0 })),
  ...COUNTS.map((rules, i) => ({ name: `a list of ${rules} rules`, n: 5 + i, policies: 0, rules })),
];
const CLIENT = 8;
const clientIp = podAddresses(CLIENT)[0];
const strangerOf = (n: number): string => `198.18.${n >> 8}.${n & 255}`;

/** The last of them allows the client. */
const policiesOf = ({ n, policies }: Server): readonly PolicyOrder[] =>
  Array.from({ length: policies }, (_, i) => ({
    put: 'networkPolicies',
    object: {
      metadata: { namespace: 'ns', name: `p-${n}-${i}` },
      spec: {
        podSelector: { matchLabels: { server: `${n}` } },
        ingress: [{ from: [{ ipBlock: { cidr: `${i === policies - 1 ? clientIp : strangerOf(i)}/32` } }] }],
      },
    },
  }));

const podOrder = (n: number): PolicyOrder => ({
  put: 'pods',
  object: {
    metadata: { namespace: 'ns', name: `pod-${n}`, uid: `${n}`, labels: { server: `${n}` } },
    spec: { nodeName: 'node-1', containers: [] },
    status: { podIPs: podAddresses(n).map((ip) => ({ ip })) },
  } as PolicyOrder extends { object: infer T } ? T : never,
});

const linearRules = ({ n, rules }: Server): readonly string[] => [
  `add chain inet linear list-${n}`,
  ...Array.from(
    { length: rules },
    (_, i) => `add rule inet linear list-${n} ip saddr ${i === rules - 1 ? clientIp : strangerOf(i)} accept`,
  ),
  `add rule inet linear list-${n} drop`,
  `add rule inet linear forward ip daddr ${podAddresses(n)[0]} jump list-${n}`,
];

const lab = await createLab('policy-traffic', CLIENT);
const pods = [...servers.map(({ n }) => n), CLIENT];
const agent = await startPolicyAgentThread({
  netns: lab.nodeNetns,
  dnsAddresses: [],
  liveConnections: 'cut',
  namesFile: '/nowhere/names.json',
  upstream: { address: '127.0.0.1', port: 53 },
  sandboxes: pods.map((n) => ({
    pod: { namespace: 'ns', name: `pod-${n}`, uid: `${n}` },
    addresses: podAddresses(n),
  })),
  objects: [
    { put: 'namespaces', object: { metadata: { name: 'ns' } } },
    ...pods.map(podOrder),
    ...servers.flatMap(policiesOf),
  ],
});
const nft = withNetns(lab.nodeNetns, openNft);
nft.run(
  [
    'add table inet linear',
    'add chain inet linear forward { type filter hook forward priority filter + 1; }',
    'add rule inet linear forward ct state established,related accept',
    ...servers.filter(({ rules }) => rules > 0).flatMap(linearRules),
  ].join('\n'),
);
await lab.onNode('sysctl', '-qw', 'net.netfilter.nf_conntrack_tcp_timeout_close=1');
const running = await Promise.all(servers.map(({ n }) => startServer(lab.podNetns(n))));
const client = await startClient(lab.podNetns(CLIENT), running[0]!, makeCgroup(CGROUP));

const hosts = servers.map(({ n }) => ({ host: podAddresses(n)[0], port: PORTS.crr }));
await client.connect({ hosts, count: CONNECTS / 10 }); // warms up
const connects = await client.connect({ hosts, count: CONNECTS });
/** A stream to the server in turn with one to that without policies: its rate to the mean of the two beside it. */
const stream = (index: number): Promise<number> =>
  client.run({ kind: 'stream', host: hosts[index]!.host, ms: TURN_MS, place: 'two cores' });
const streamRatios: number[][] = servers.map(() => []);
for (let round = 0; round < ROUNDS; round++)
  for (const index of servers.keys()) {
    const [before, rate, after] = [await stream(0), await stream(index), await stream(0)];
    streamRatios[index]!.push((2 * rate) / (before + after));
  }

const half = connects.map((samples) => percentile(samples, 0.5));
report(
  'a new connection and a stream to a pod, by what decides about it (target: policies within 5 % of none)',
  ['AT THE POD', 'CONNECT P50', 'P99', 'MORE', 'STREAM, TO NONE'],
  servers.map(({ name }, i) => [
    name,
    `${half[i]!.toFixed(1)} us`,
    `${percentile(connects[i]!, 0.99).toFixed(1)} us`,
    `${(half[i]! - half[0]!).toFixed(1)} us`,
    percentile(streamRatios[i]!, 0.5).toFixed(2),
  ]),
);
client.close();
for (const each of running) each.close();
await agent.close();
nft.close();
await lab.close();
removeCgroup(CGROUP);
