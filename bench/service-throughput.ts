// What does a connection through a Service cost, next to one from pod to pod? Both back ends in one run: the client is two
// processes in the same pod, one in the cgroup whose sockets are translated, one outside, whose packets are. In turns.
import { setTimeout as delay } from 'node:timers/promises';
import {
  createLab,
  NODE_ADDRESSES,
  POD_CIDRS,
  SERVICE_CIDRS,
  podAddresses,
} from '../test/support/service-lab.ts';
import { startProxyAgent } from '../test/support/proxy-agent.ts';
import { service, slice } from '../test/support/service-objects.ts';
import { makeCgroup, removeCgroup } from '../test/support/test-cgroup.ts';
import { percentile, report } from './report.ts';
import { KINDS, PORTS, startClient, startServer } from './traffic.ts';
import type { Kind, TrafficClient } from './traffic.ts';

const ROUNDS = 100;
const TURN_MS = 50;
/** Besides the one that is measured. */
const SERVICES = 1000;

const podCgroup = '/podnet-bench/pods';
const [server] = podAddresses(1);
const VIP = '10.96.0.10';
const ports = KINDS.map((name) => ({ name, port: PORTS[name], protocol: 'TCP' }));

const folder = makeCgroup(podCgroup);
const lab = await createLab('bench', 2);
const others = Array.from({ length: SERVICES }, (_, n) => ({
  service: service(`other-${n}`, 0, { clusterIPs: [`10.96.${1 + (n >> 8)}.${n & 255}`] }),
  slice: slice(`other-${n}`, [server]),
}));
const proxy = await startProxyAgent({
  netns: lab.nodeNetns,
  nodeName: 'node-1',
  zone: undefined,
  nodeAddresses: NODE_ADDRESSES,
  podCidrs: POD_CIDRS,
  serviceCidrs: SERVICE_CIDRS,
  sockets: { backEnd: 'ebpf', podCgroup },
  services: [service('web', 10, { ports }), ...others.map((each) => each.service)],
  slices: [slice('web', [server], { ports }), ...others.map((each) => each.slice)],
});
// so that a minute of connections does not fill the table
await lab.onNode('sysctl', '-qw', 'net.netfilter.nf_conntrack_tcp_timeout_close=1');

const servers = await startServer(lab.podNetns(1));
const packets = await startClient(lab.podNetns(2));
const sockets = await startClient(lab.podNetns(2), folder);

type Way = {
  readonly name: string;
  readonly client: TrafficClient;
  readonly host: string;
  /** The way that it is compared with: the same process without a Service. */
  readonly base: string;
};
const ways: readonly Way[] = [
  { name: 'pod to pod', client: packets, host: server, base: 'pod to pod' },
  { name: 'Service, nftables', client: packets, host: VIP, base: 'pod to pod' },
  { name: 'pod to pod, in the cgroup', client: sockets, host: server, base: 'pod to pod, in the cgroup' },
  { name: 'Service, eBPF', client: sockets, host: VIP, base: 'pod to pod, in the cgroup' },
];

/** By way: one figure for each round; a round begins with another way each time. */
const measure = async (kind: Kind): Promise<ReadonlyMap<string, readonly number[]>> => {
  const figures = new Map<string, number[]>(ways.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS + 1; round++)
    for (let turn = 0; turn < ways.length; turn++) {
      const { name, client, host } = ways[(round + turn) % ways.length]!;
      const figure = await client.run({ kind, host, ms: TURN_MS });
      if (round > 0) figures.get(name)!.push(figure); // the first is for warming up
    }
  return figures;
};

const units: Readonly<Record<Kind, (figure: number) => string>> = {
  stream: (figure) => `${((figure * 8) / 1e9).toFixed(2)} Gbit/s`,
  rr: (figure) => `${(figure / 1000).toFixed(1)} k/s`,
  crr: (figure) => `${(figure / 1000).toFixed(1)} k/s`,
};

const sum = (figures: readonly number[]): number => figures.reduce((total, each) => total + each, 0);

const rows: string[][] = [];
try {
  for (const kind of KINDS) {
    await delay(200); // connections of the kind before are gone
    const figures = await measure(kind);
    for (const { name, base } of ways) {
      const [own, direct] = [figures.get(name)!, figures.get(base)!];
      const ratios = own.map((figure, round) => figure / direct[round]!);
      const [low, middle, high] = [0.25, 0.5, 0.75].map((p) => percentile(ratios, p).toFixed(3));
      const all = sum(own) / sum(direct);
      rows.push([
        kind,
        name,
        units[kind](percentile(own, 0.5)),
        `${middle} (${low} .. ${high})`,
        all.toFixed(3),
      ]);
    }
  }
} finally {
  for (const each of [servers, packets, sockets]) each.close();
  await proxy.close();
  await lab.close();
  await delay(100);
  removeCgroup(podCgroup);
}

report(
  `TCP through a Service, ${SERVICES} Services, ${ROUNDS} rounds of ${TURN_MS} ms: ratios to pod to pod in the same round`,
  ['TRAFFIC', 'WAY', 'MEDIAN', 'RATIO (QUARTILES)', 'RATIO OF THE SUMS'],
  rows,
);
process.exit();
