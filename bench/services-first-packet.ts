// What does the first packet of a connection through a Service cost, next to pod to pod, with 1,000, 10,000 and 30,000
// Services in the kernel? From connect() to the peer's answer, direct and through the Service in turn, so that noise
// falls on both, and without those during which others had the core; next to kube-proxy's layout, as far as that loads.
// Needs root.
// `node bench/services-first-packet.ts PEER-SECONDS`: the peer's load is given up after so long (200).
import { setTimeout as delay } from 'node:timers/promises';
import {
  NODE_ADDRESSES,
  POD_CIDRS,
  SERVICE_CIDRS,
  createLab,
  podAddresses,
} from '../test/support/service-lab.ts';
import { startProxyAgent } from '../test/support/proxy-agent.ts';
import { service, slice } from '../test/support/service-objects.ts';
import { makeCgroup, removeCgroup } from '../test/support/test-cgroup.ts';
import { loadKubeProxyLayout } from './kube-proxy-layout.ts';
import { percentile, report } from './report.ts';
import { PORTS, startClient, startServer } from './traffic.ts';
import type { TrafficClient } from './traffic.ts';

const COUNTS = [1000, 10_000, 30_000];
const PEER_SECONDS = Number(process.argv[2] ?? 200);
const SAMPLES = 20_000;
const SERVER = podAddresses(1)[0];
const VIP = '10.96.255.1';
const ENDPOINTS = ['10.244.7.1', '10.244.7.2', '10.244.7.3'];
const podCgroup = '/podnet-bench/pods';
/** As deep, since a cgroup costs its processes something by itself. */
const otherCgroup = '/podnet-bench/others';

/** Besides the one that is measured. */
const fillers = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    name: `s${n}`,
    vip: `10.96.${n >> 8}.${n & 255}`,
    endpoints: ENDPOINTS,
  }));

const ports = [{ port: 80, protocol: 'TCP' }];
const targetPorts = [{ port: PORTS.crr, protocol: 'TCP' }];

const us = (value: number): string => `${value.toFixed(1)} us`;

const rowOf = async (count: number, way: string, client: TrafficClient): Promise<string[]> => {
  const hosts = [
    { host: SERVER, port: PORTS.crr },
    { host: VIP, port: 80 },
  ];
  await client.connect({ hosts, count: SAMPLES / 10 }); // warms up
  const [direct, through] = await client.connect({ hosts, count: SAMPLES });
  const [half, most] = [0.5, 0.99].map((p) => [percentile(direct!, p), percentile(through!, p)] as const);
  const more = us(half![1] - half![0]);
  return [`${count}`, way, us(half![0]), us(half![1]), more, us(most![0]), us(most![1])];
};

const measurePodnet = async (): Promise<string[][]> => {
  const [pods, others] = [makeCgroup(podCgroup), makeCgroup(otherCgroup)];
  const lab = await createLab('first-packet', 2);
  const server = await startServer(lab.podNetns(1));
  const packets = await startClient(lab.podNetns(2), server, others);
  const sockets = await startClient(lab.podNetns(2), server, pods);
  const rows: string[][] = [];
  try {
    for (const count of COUNTS) {
      const proxy = await startProxyAgent({
        netns: lab.nodeNetns,
        nodeName: 'node-1',
        zone: undefined,
        nodeAddresses: NODE_ADDRESSES,
        podCidrs: POD_CIDRS,
        serviceCidrs: SERVICE_CIDRS,
        sockets: { backEnd: 'ebpf', podCgroup },
        services: [
          service('web', 0, { clusterIPs: [VIP], ports }),
          ...fillers(count).map(({ name, vip }) => service(name, 0, { clusterIPs: [vip], ports })),
        ],
        slices: [
          slice('web', [SERVER], { ports: targetPorts }),
          ...fillers(count).map(({ name, endpoints }) => slice(name, endpoints)),
        ],
      });
      rows.push(await rowOf(count, 'nftables', packets), await rowOf(count, 'eBPF', sockets));
      await proxy.close();
    }
  } finally {
    for (const each of [server, packets, sockets]) each.close();
    await lab.close();
  }
  return rows;
};

const measurePeer = async (count: number): Promise<string[]> => {
  const lab = await createLab(`peer-${count}`, 2);
  const server = await startServer(lab.podNetns(1));
  const client = await startClient(lab.podNetns(2), server, makeCgroup(otherCgroup));
  try {
    const taken = loadKubeProxyLayout({
      services: [{ name: 'web', vip: VIP, endpoints: [SERVER] }, ...fillers(count)],
      podCidr: POD_CIDRS[0]!,
      targetPort: PORTS.crr,
      limitSeconds: PEER_SECONDS,
      inside: ['nsenter', `--net=${lab.nodeNetns}`],
    });
    const way = 'a chain for each endpoint';
    return taken === undefined
      ? [`${count}`, way, `not loaded after ${PEER_SECONDS} s`]
      : await rowOf(count, way, client);
  } finally {
    for (const each of [server, client]) each.close();
    await lab.close();
  }
};

const rows = await measurePodnet();
for (const count of PEER_SECONDS > 0 ? COUNTS : []) rows.push(await measurePeer(count));
await delay(100);
for (const each of [podCgroup, otherCgroup]) removeCgroup(each);
report(
  'connect(), from its call to the answer to the first packet (targets: 15 us more at p50, p99 36 us)',
  ['SERVICES', 'BACK END', 'POD TO POD, P50', 'SERVICE, P50', 'MORE', 'POD TO POD, P99', 'SERVICE, P99'],
  rows,
);
