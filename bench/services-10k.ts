// How long until 10,000 Services of 3 endpoints are in the kernel, next to kube-proxy's nftables layout on the same
// machine, and how long does one changed endpoint take then, from the cache's event to the kernel? Needs root.
// `node bench/services-10k.ts SERVICES ENDPOINTS RATIO`: 30000 3, 5000 50. The peer runs to its end, or until it has taken
// RATIO times as long, which proves that much: 50, at 30,000 Services 100; 0: no peer. That may be many minutes.
import { startInformer, whenAllSynced } from '../src/informer/informer.ts';
import type { EndpointSlice, Service } from '../src/k8s/generated/types.ts';
import { endpointSlices, nodes, serviceCidrs, services } from '../src/k8s/resources.ts';
import { createNetns, deleteNetns, enterNetns } from '../src/kernel/netns.ts';
import { openNft } from '../src/kernel/nft.ts';
import { systemClock } from '../src/lang/clock.ts';
import { silentLog } from '../src/lang/log.ts';
import { sliceIndexes, startServiceProxy } from '../src/services/service-proxy.ts';
import { createFakeClient } from '../test/support/fake-client.ts';
import { type PeerTime, loadKubeProxyLayout } from './kube-proxy-layout.ts';
import { percentile, report } from './report.ts';

const SERVICES = Number(process.argv[2] ?? 10_000);
const ENDPOINTS = Number(process.argv[3] ?? 3);
const BAR = SERVICES >= 30_000 ? 100 : 50;
const RATIO = Number(process.argv[4] ?? BAR);
const CHANGES = 2000;
const NETNS = `podnet-bench-services-${process.pid}`;

const vip = (n: number): string => `10.96.${n >> 8}.${n & 255}`;
const podIp = (n: number): string => `10.${128 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
const endpointsOf = (n: number): string[] =>
  Array.from({ length: ENDPOINTS }, (_, i) => podIp(n * ENDPOINTS + i));

const serviceOf = (n: number): Service => ({
  metadata: { name: `s${n}`, namespace: 'ns' },
  spec: { clusterIPs: [vip(n)], ports: [{ port: 80, protocol: 'TCP' }] },
});
const sliceOf = (n: number, addresses: readonly string[]): EndpointSlice => ({
  metadata: { name: `s${n}`, namespace: 'ns', labels: { 'kubernetes.io/service-name': `s${n}` } },
  addressType: 'IPv4',
  ports: [{ port: 8080, protocol: 'TCP' }],
  endpoints: addresses.map((address) => ({
    addresses: [address],
    conditions: { ready: true },
    nodeName: 'other',
  })),
});

const loadPeer = (limitSeconds: number): Promise<PeerTime> =>
  loadKubeProxyLayout({
    services: Array.from({ length: SERVICES }, (_, n) => ({
      name: `s${n}`,
      vip: vip(n),
      endpoints: endpointsOf(n),
    })),
    podCidr: '10.128.0.0/9',
    targetPort: 8080,
    limitSeconds,
  });

type Measured = { readonly loadSeconds: number; readonly changeMs: readonly number[] };

const measurePodnet = async (): Promise<Measured> => {
  const client = createFakeClient(50);
  for (let n = 0; n < SERVICES; n++) {
    client.put(services, serviceOf(n));
    client.put(endpointSlices, sliceOf(n, endpointsOf(n)));
  }
  const shared = { client, clock: systemClock, log: silentLog };
  const informers = {
    services: startInformer({ ...shared, resource: services }),
    endpointSlices: startInformer({ ...shared, resource: endpointSlices, indexes: sliceIndexes }),
  };
  await whenAllSynced(informers.services, informers.endpointSlices);
  let eventAt = 0;
  let written = Promise.withResolvers<number>();
  informers.endpointSlices.subscribe(() => (eventAt = performance.now()));
  const nft = openNft();
  const start = performance.now();
  const proxy = startServiceProxy({
    ...shared,
    ...informers,
    nodeName: 'node-1',
    zone: undefined,
    nodeAddresses: ['172.30.0.11'],
    podCidrs: ['10.128.0.0/9'],
    serviceCidrs: ['10.96.0.0/16'],
    backEnd: 'nftables',
    podCgroup: '/podnet-bench',
    nodes: startInformer({ ...shared, resource: nodes }),
    laterServiceCidrs: startInformer({ ...shared, resource: serviceCidrs }),
    nodePortAddresses: [],
    nft: {
      ...nft,
      change: (changes) => {
        nft.change(changes);
        written.resolve(performance.now() - eventAt);
      },
    },
  });
  await proxy.whenSynced();
  const loadSeconds = (performance.now() - start) / 1000;
  const changeMs: number[] = [];
  for (let i = 0; i < CHANGES; i++) {
    written = Promise.withResolvers();
    const n = (i * 7919) % SERVICES;
    // in turn: another endpoint instead of one; that, and one endpoint fewer
    const addresses = [...endpointsOf(n).slice(1 + (i % 2)), podIp(500_000 + i)];
    client.put(endpointSlices, sliceOf(n, addresses));
    changeMs.push(await written.promise);
  }
  await proxy.stop();
  for (const informer of Object.values(informers)) informer.stop();
  nft.close();
  return { loadSeconds, changeMs };
};

process.once('exit', () => deleteNetns(NETNS));
enterNetns(createNetns(NETNS));
const { loadSeconds, changeMs } = await measurePodnet();
process.stderr.write(`podnet: ${loadSeconds.toFixed(2)} s\n`);
const peer = await loadPeer(loadSeconds * RATIO);
const [half, most] = [0.5, 0.99].map((p) => percentile(changeMs, p));
const ratio = (peer.seconds / loadSeconds).toFixed(0);
report(
  `${SERVICES} Services of ${ENDPOINTS} endpoints into the kernel`,
  ['WHAT', 'PODNET', 'KUBE-PROXY LAYOUT', 'RATIO', 'TARGET'],
  [
    [
      'all Services into an empty kernel',
      `${loadSeconds.toFixed(2)} s`,
      peer.isDone ? `${peer.seconds.toFixed(1)} s` : `not done after ${peer.seconds.toFixed(0)} s`,
      peer.isDone ? ratio : `> ${ratio}`,
      SERVICES * ENDPOINTS > 100_000 ? '< 15 s' : `>= ${BAR}`,
    ],
    ['one endpoint changes, p50', `${half!.toFixed(2)} ms`, '-', '-', '-'],
    ['one endpoint changes, p99', `${most!.toFixed(2)} ms`, '-', '-', '< 2 ms'],
  ],
);
