// What does a connection through a Service cost, next to one from pod to pod? Both back ends in one run: the client is two
// processes in the same pod, one in the cgroup whose sockets are translated, one outside, whose packets are.
//
// Direct and through the Service in turns, A B A B ... A: a ratio is that of a turn to the mean of the two beside it, so
// that what else the machine does falls on both. Client and server are on one core, where a rate is the inverse of all
// work that was done, and on two, where they wait for each other.
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
import { KINDS, PLACES, PORTS, startClient, startServer } from './traffic.ts';
import type { Kind, Place, TrafficClient } from './traffic.ts';

/** Rounds, and the kinds of traffic if not all: `node bench/service-throughput.ts 100 crr`. */
const [rounds, ...kinds] = process.argv.slice(2);
const ROUNDS = Number(rounds ?? 200);
/** Between two looks at the other ways. */
const ROUNDS_EACH = 10;
const TURN_MS = 20;
/** Besides the one that is measured. */
const SERVICES = 1000;

const podCgroup = '/podnet-bench/pods';
/** As deep, since a cgroup costs its processes something by itself. */
const otherCgroup = '/podnet-bench/others';
const [server] = podAddresses(1);
const VIP = '10.96.0.10';
const ports = KINDS.map((name) => ({ name, port: PORTS[name], protocol: 'TCP' }));

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
const packets = await startClient(lab.podNetns(2), servers, makeCgroup(otherCgroup));
const sockets = await startClient(lab.podNetns(2), servers, makeCgroup(podCgroup));

type Turn = { readonly client: TrafficClient; readonly host: string };
type Pair = { readonly name: string; readonly base: Turn; readonly other: Turn };
const pairs: readonly Pair[] = [
  {
    name: 'pod to pod against itself',
    base: { client: packets, host: server },
    other: { client: packets, host: server },
  },
  {
    name: 'Service, nftables',
    base: { client: packets, host: server },
    other: { client: packets, host: VIP },
  },
  { name: 'Service, eBPF', base: { client: sockets, host: server }, other: { client: sockets, host: VIP } },
  {
    name: 'pod to pod, in the cgroup',
    base: { client: packets, host: server },
    other: { client: sockets, host: server },
  },
];

type Figures = { readonly rates: readonly number[]; readonly ratios: readonly number[] };

/** ROUNDS of each pair. */
const measure = async (kind: Kind, place: Place): Promise<readonly Figures[]> => {
  const rate = ({ client, host }: Turn) => client.run({ kind, host, ms: TURN_MS, place });
  const figures = pairs.map((): { rates: number[]; ratios: number[] } => ({ rates: [], ratios: [] }));
  for (let round = 0; round < ROUNDS; round += ROUNDS_EACH)
    for (const [index, { base, other }] of pairs.entries()) {
      await rate(other); // warms up
      let before = await rate(base);
      for (let turn = 0; turn < ROUNDS_EACH; turn++) {
        const figure = await rate(other);
        const after = await rate(base);
        figures[index]!.ratios.push((2 * figure) / (before + after));
        figures[index]!.rates.push(before);
        before = after;
      }
    }
  return figures;
};

const units: Readonly<Record<Kind, (figure: number) => string>> = {
  stream: (figure) => `${((figure * 8) / 1e9).toFixed(2)} Gbit/s`,
  rr: (figure) => `${(figure / 1000).toFixed(1)} k/s`,
  crr: (figure) => `${(figure / 1000).toFixed(1)} k/s`,
};

/** Where the median of all is with 95 %, by the ranks of samples (binomial distribution). */
const certainty = (samples: readonly number[]): readonly [number, number] => {
  const halfWidth = 0.98 / Math.sqrt(samples.length);
  return [percentile(samples, 0.5 - halfWidth), percentile(samples, 0.5 + halfWidth)];
};

const rows: string[][] = [];
try {
  for (const kind of KINDS.filter((each) => kinds.length === 0 || kinds.includes(each)))
    for (const place of PLACES) {
      await delay(200); // connections of the kind before are gone
      const figures = await measure(kind, place);
      figures.forEach(({ rates, ratios }, index) => {
        const range = ([low, high]: readonly [number, number]): string =>
          `${low.toFixed(3)} .. ${high.toFixed(3)}`;
        rows.push([
          kind,
          place,
          pairs[index]!.name,
          units[kind](percentile(rates, 0.5)),
          percentile(ratios, 0.5).toFixed(3),
          range(certainty(ratios)),
          range([percentile(ratios, 0.25), percentile(ratios, 0.75)]),
        ]);
      });
    }
} finally {
  for (const each of [servers, packets, sockets]) each.close();
  await proxy.close();
  await lab.close();
  await delay(100);
  for (const each of [podCgroup, otherCgroup]) removeCgroup(each);
}

report(
  `TCP through a Service, ${SERVICES} Services, ${ROUNDS} rounds of ${TURN_MS} ms: ratios to pod to pod in the turns beside`,
  ['TRAFFIC', 'PLACE', 'WAY', 'POD TO POD', 'RATIO', '95 %', 'QUARTILES'],
  rows,
);
process.exit();
