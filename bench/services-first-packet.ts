// What does the first packet of a connection through a Service cost, next to pod to pod, with 1,000, 10,000 and 30,000
// Services in the kernel? From connect() to the peer's answer, both in turn, so that noise falls on both. Needs root.
import net from 'node:net';
import { enterNetns, netnsPath } from '../src/kernel/netns.ts';
import { startProxyAgent } from '../test/support/proxy-agent.ts';
import {
  NODE_ADDRESSES,
  POD_CIDRS,
  SERVICE_CIDRS,
  createLab,
  podAddresses,
} from '../test/support/service-lab.ts';
import { service, slice } from '../test/support/service-objects.ts';
import { percentile, report } from './report.ts';

const COUNTS = [1000, 10_000, 30_000];
const SAMPLES = 4000;
const SERVER = podAddresses(2)[0];
const VIP = '10.96.255.1';

const connectUs = (host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const start = performance.now();
    const socket = net.connect({ host, port }, () => {
      resolve((performance.now() - start) * 1000);
      socket.destroy();
    });
    socket.once('error', reject);
  });

const filler = (n: number) => ({
  ...service(`s${n}`, 0, {
    clusterIPs: [`10.96.${n >> 8}.${n & 255}`],
    ports: [{ port: 80, protocol: 'TCP' }],
  }),
});

const measure = async (count: number, nodeNetns: string): Promise<string[]> => {
  const proxy = await startProxyAgent({
    netns: nodeNetns,
    nodeName: 'node-1',
    zone: undefined,
    nodeAddresses: NODE_ADDRESSES,
    podCidrs: POD_CIDRS,
    serviceCidrs: SERVICE_CIDRS,
    services: [
      service('web', 0, { clusterIPs: [VIP], ports: [{ port: 80, protocol: 'TCP' }] }),
      ...Array.from({ length: count }, (_, n) => filler(n + 16)),
    ],
    slices: [
      slice('web', [SERVER]),
      ...Array.from({ length: count }, (_, n) =>
        slice(`s${n + 16}`, ['10.244.7.1', '10.244.7.2', '10.244.7.3']),
      ),
    ],
  });
  const [direct, through]: [number[], number[]] = [[], []];
  for (let i = 0; i < SAMPLES; i++) {
    direct.push(await connectUs(SERVER, 8080));
    through.push(await connectUs(VIP, 80));
  }
  await proxy.close();
  const at = (samples: readonly number[], p: number): number => percentile(samples, p)!;
  const us = (value: number): string => `${value.toFixed(0)} us`;
  return [
    `${count}`,
    us(at(direct, 0.5)),
    us(at(through, 0.5)),
    us(at(through, 0.5) - at(direct, 0.5)),
    us(at(through, 0.99) - at(direct, 0.99)),
  ];
};

const name = 'first-packet';
const lab = await createLab(name, 2);
try {
  enterNetns(netnsPath(`podnet-test-${name}-${process.pid}-pod-1`));
  const rows: string[][] = [];
  for (const count of COUNTS) rows.push(await measure(count, lab.nodeNetns));
  report(
    'connect() through a Service, next to pod to pod',
    ['SERVICES', 'POD TO POD, P50', 'SERVICE, P50', 'MORE, P50 (TARGET < 15 us)', 'MORE, P99'],
    rows,
  );
} finally {
  await lab.close();
}
