// How long until 10,000 Services of 3 endpoints are in the kernel, next to kube-proxy's nftables layout on the same
// machine, and how long does one changed endpoint take then, from the cache's event to the kernel? Needs root.
// `node bench/services-10k.ts SERVICES ENDPOINTS PEER-SECONDS`: 30000 3, 5000 50; the peer is given up after so long (200).
import { execFileSync } from 'node:child_process';
import { startInformer, whenAllSynced } from '../src/informer/informer.ts';
import type { EndpointSlice, Service } from '../src/k8s/generated/types.ts';
import { endpointSlices, nodes, serviceCidrs, services } from '../src/k8s/resources.ts';
import { createNetns, deleteNetns, enterNetns } from '../src/kernel/netns.ts';
import { openNft } from '../src/kernel/nft.ts';
import { systemClock } from '../src/lang/clock.ts';
import { silentLog } from '../src/lang/log.ts';
import { sliceIndexes, startServiceProxy } from '../src/services/service-proxy.ts';
import { createFakeClient } from '../test/support/fake-client.ts';
import { percentile, report } from './report.ts';

const SERVICES = Number(process.argv[2] ?? 10_000);
const ENDPOINTS = Number(process.argv[3] ?? 3);
const PEER_SECONDS = Number(process.argv[4] ?? 200);
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

/** As in kubernetes pkg/proxy/nftables/README.md: a chain for each Service port and one for each of its endpoints. */
const kubeProxyCommands = (): string => {
  const table = 'ip kube-proxy';
  const chains: string[] = [];
  const rules: string[] = [];
  for (let n = 0; n < SERVICES; n++) {
    const chain = `service-${n.toString(36).padStart(8, '0')}-ns/s${n}/tcp/http`;
    const endpoints = endpointsOf(n).map((ip) => ({ ip, chain: `endpoint-${chain.slice(8)}__${ip}/8080` }));
    chains.push(
      ...[chain, ...endpoints.map((each) => each.chain)].map((name) => `add chain ${table} ${name}`),
    );
    const choice = endpoints.map((each, i) => `${i} : goto ${each.chain}`).join(', ');
    rules.push(
      `add rule ${table} ${chain} ip daddr ${vip(n)} tcp dport 80 ip saddr != 10.128.0.0/9 jump mark-for-masquerade`,
      `add rule ${table} ${chain} numgen random mod ${ENDPOINTS} vmap { ${choice} }`,
      ...endpoints.flatMap((each) => [
        `add rule ${table} ${each.chain} ip saddr ${each.ip} jump mark-for-masquerade`,
        `add rule ${table} ${each.chain} meta l4proto tcp dnat to ${each.ip}:8080`,
      ]),
      `add element ${table} cluster-ips { ${vip(n)} }`,
      `add element ${table} service-ips { ${vip(n)} . tcp . 80 : goto ${chain} }`,
    );
  }
  return `add table ${table}
add set ${table} cluster-ips { type ipv4_addr; }
add map ${table} service-ips { type ipv4_addr . inet_proto . inet_service : verdict; }
add chain ${table} mark-for-masquerade
add rule ${table} mark-for-masquerade mark set mark or 0x4000
${chains.join('\n')}
${rules.join('\n')}
add chain ${table} services
add rule ${table} services ip daddr . meta l4proto . th dport vmap @service-ips
add chain ${table} nat-prerouting { type nat hook prerouting priority -100; }
add rule ${table} nat-prerouting jump services
`;
};

const seconds = (fn: () => void): number => {
  const start = performance.now();
  fn();
  return (performance.now() - start) / 1000;
};

/** One transaction by the nft program, as kube-proxy does it; undefined if it takes longer than the limit. */
const loadKubeProxy = (): number | undefined => {
  if (PEER_SECONDS === 0) return undefined;
  const input = kubeProxyCommands();
  try {
    const taken = seconds(() =>
      execFileSync('nft', ['-f', '-'], {
        input,
        stdio: ['pipe', 'ignore', 'inherit'],
        timeout: PEER_SECONDS * 1000,
        killSignal: 'SIGKILL',
      }),
    );
    execFileSync('nft', ['delete', 'table', 'ip', 'kube-proxy']);
    return taken;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ETIMEDOUT') return undefined;
    throw error;
  }
};

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
      run: (commands) => {
        nft.run(commands);
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
const peerSeconds = loadKubeProxy();
const [half, most] = [0.5, 0.99].map((p) => percentile(changeMs, p));
report(
  `${SERVICES} Services of ${ENDPOINTS} endpoints into the kernel`,
  ['WHAT', 'PODNET', 'KUBE-PROXY LAYOUT', 'RATIO', 'TARGET'],
  [
    [
      'all Services into an empty kernel',
      `${loadSeconds.toFixed(2)} s`,
      peerSeconds === undefined ? `not done after ${PEER_SECONDS} s` : `${peerSeconds.toFixed(1)} s`,
      `${peerSeconds === undefined ? '> ' : ''}${((peerSeconds ?? PEER_SECONDS) / loadSeconds).toFixed(0)}`,
      SERVICES * ENDPOINTS > 100_000 ? '-' : SERVICES >= 30_000 ? '>= 100' : '>= 50',
    ],
    ['one endpoint changes, p50', `${half!.toFixed(2)} ms`, '-', '-', '-'],
    ['one endpoint changes, p99', `${most!.toFixed(2)} ms`, '-', '-', '< 2 ms'],
  ],
);
