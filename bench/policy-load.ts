// 10,000 pods and 1,000 policies into the kernel of a node with 110 of the pods; then policies that come and go, and pods
// whose labels change: from the cache's event until the kernel has it. And the memory of a process that does nothing else,
// with the API in memory beside it. Needs root.
// node --expose-gc bench/policy-load.ts [PODS POLICIES LOCAL]
import { startCustomInformer } from '../src/informer/custom-informer.ts';
import { startInformer } from '../src/informer/informer.ts';
import { clusterNetworkPolicies } from '../src/k8s/cluster-network-policy.ts';
import type { NetworkPolicy, Pod } from '../src/k8s/generated/types.ts';
import { namespaces, networkPolicies, nodes, pods } from '../src/k8s/resources.ts';
import { createTrim } from '../src/k8s/trim.ts';
import { createNetns, deleteNetns, enterNetns } from '../src/kernel/netns.ts';
import { openNft } from '../src/kernel/nft.ts';
import { systemClock as clock } from '../src/lang/clock.ts';
import { silentLog as log } from '../src/lang/log.ts';
import { createPolicyCompiler } from '../src/policy/compile/policy-compiler.ts';
import { createPolicyAgent } from '../src/policy/policy-agent.ts';
import { createFakeClient } from '../test/support/fake-client.ts';
import { percentile, report } from './report.ts';

const [PODS = 10_000, POLICIES = 1_000, LOCAL = 110] = process.argv.slice(2).map(Number);
const NAMESPACES = 100;
const APPS = 20;
const CHANGES = 500;
const NETNS = `podnet-bench-policies-${process.pid}`;

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);
const namespaceOf = (n: number): string => `ns-${n % NAMESPACES}`;
const appOf = (n: number): { readonly app: string } => ({ app: `app-${n % APPS}` });
const ipsOf = (n: number): readonly string[] => [
  `10.244.${n >> 8}.${n & 255}`,
  `fd00:10:244::${(n + 1).toString(16)}`,
];
/** Spread over the namespaces and apps. */
const isHere = (n: number): boolean => (n * 7919) % PODS < LOCAL;

const podOf = (n: number, app = Math.floor(n / NAMESPACES)): Pod => ({
  metadata: {
    namespace: namespaceOf(n),
    name: `pod-${n}`,
    uid: `uid-${n}`,
    labels: { ...appOf(app), hash: `${n % 2000}` },
  },
  spec: {
    nodeName: isHere(n) ? 'node-1' : 'node-2',
    containers: [{ name: 'main', ports: [{ name: 'http', containerPort: 8080 }] }],
  },
  status: { phase: 'Running', podIPs: ipsOf(n).map((ip) => ({ ip })) },
});

/** Each for an app of a namespace, by turns: from an app, from other namespaces, from a network with a hole, and outwards. */
const policyOf = (n: number, name = `policy-${n}`, port = 80): NetworkPolicy => {
  const other = { podSelector: { matchLabels: appOf(n * 7 + 3) } };
  const elsewhere = { namespaceSelector: { matchLabels: { team: `team-${n % 10}` } } };
  const network = { cidr: `172.${n % 200}.0.0/16`, except: [`172.${n % 200}.${n % 250}.0/24`] };
  const outside = { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] };
  const rules = [
    { ingress: [{ from: [other], ports: [{ port }, { port: 'http' }] }] },
    { ingress: [{ from: [{ ...other, ...elsewhere }], ports: [{ port, endPort: port + 10 }] }] },
    { ingress: [{ from: [{ ipBlock: network }], ports: [{ port }] }] },
    { policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: outside }, other], ports: [{ port }] }] },
  ];
  return {
    metadata: { namespace: namespaceOf(n), name },
    spec: {
      podSelector: { matchLabels: appOf(Math.floor(n / NAMESPACES)) },
      ...rules[Math.floor(n / NAMESPACES) % rules.length],
    },
  };
};

process.once('exit', () => deleteNetns(NETNS));
enterNetns(createNetns(NETNS));
const client = createFakeClient(50);
for (const n of upTo(NAMESPACES))
  client.put(namespaces, { metadata: { name: `ns-${n}`, labels: { team: `team-${n % 10}` } } });
for (const n of upTo(PODS)) client.put(pods, podOf(n));
for (const n of upTo(POLICIES)) client.put(networkPolicies, policyOf(n));
globalThis.gc?.();
const rssMb = (): number => process.memoryUsage.rss() / 2 ** 20;
const rssBefore = rssMb();

const shared = { client, clock, log };
const sources = {
  pods: startInformer({ ...shared, resource: pods, transform: createTrim().pod }),
  namespaces: startInformer({ ...shared, resource: namespaces }),
  nodes: startInformer({ ...shared, resource: nodes }),
  networkPolicies: startInformer({ ...shared, resource: networkPolicies }),
  clusterNetworkPolicies: startCustomInformer({ ...shared, resources: clusterNetworkPolicies }),
};
let eventAt = 0;
let written = Promise.withResolvers<number>();
for (const source of [sources.pods, sources.networkPolicies])
  source.subscribe(() => void (eventAt = performance.now()));
const nft = openNft();
const agent = createPolicyAgent({
  sources,
  compiler: createPolicyCompiler(),
  dnsAddresses: [],
  liveConnections: 'cut',
  recorder: { record: () => {} },
  onHeld: () => {},
  nft: {
    ...nft,
    change: (changes) => {
      nft.change(changes);
      written.resolve(performance.now() - eventAt);
    },
  },
  clock,
  log,
});
const cpuBefore = process.threadCpuUsage();
const start = performance.now();
agent.start(
  upTo(PODS)
    .filter(isHere)
    .map((n) => ({
      pod: { namespace: namespaceOf(n), name: `pod-${n}`, uid: `uid-${n}` },
      addresses: ipsOf(n),
    })),
);
await agent.whenSynced();
const loadSeconds = (performance.now() - start) / 1000;
const cpu = process.threadCpuUsage(cpuBefore);
const cpuSeconds = (cpu.user + cpu.system) / 1e6;
globalThis.gc?.();
const rssAfter = rssMb();

const measure = async (change: (i: number) => void): Promise<readonly number[]> => {
  const samples: number[] = [];
  for (const i of upTo(CHANGES)) {
    written = Promise.withResolvers();
    change(i);
    samples.push(await written.promise);
  }
  return samples;
};
const here = upTo(PODS).filter(isHere);
/** Of a policy for an app of this node, so that there is something to write. */
const anew = (i: number): number => {
  const pod = here[i % here.length]!;
  return (pod % NAMESPACES) + NAMESPACES * (Math.floor(pod / NAMESPACES) % APPS);
};
const created = await measure(
  (i) => void client.put(networkPolicies, policyOf(anew(i), `new-${i}`, 1000 + 20 * i)),
);
const removed = await measure((i) => client.remove(networkPolicies, `${namespaceOf(anew(i))}/new-${i}`));
/** To another of the apps that have policies. */
const appAfter = (n: number, round: number): number =>
  (Math.floor(n / NAMESPACES) + 1 + round) % (POLICIES / NAMESPACES);
const relabelled = await measure((i) => {
  const n = here[i % here.length]!;
  client.put(pods, podOf(n, appAfter(n, Math.floor(i / here.length))));
});

const row = (what: string, samples: readonly number[], target: string): string[] => [
  what,
  ...[0.5, 0.99].map((p) => `${percentile(samples, p).toFixed(2)} ms`),
  target,
];
report(
  `${PODS} pods, ${LOCAL} of them of this node, and ${POLICIES} policies`,
  ['WHAT', 'P50', 'P99', 'TARGET'],
  [
    ['everything into an empty kernel', `${loadSeconds.toFixed(2)} s`, '', '< 3 s'],
    ['  of which this thread had a core', `${cpuSeconds.toFixed(2)} s`, '', ''],
    row('a policy created', created, 'p99 < 50 ms'),
    row('a policy deleted', removed, ''),
    row('a pod relabelled', relabelled, 'p99 < 20 ms'),
    ['memory of it all, the API in it', `${rssAfter.toFixed(0)} MB`, '', '< 250 MB'],
    ['  of which before the agent', `${rssBefore.toFixed(0)} MB`, '', ''],
  ],
);
process.exit(0);
