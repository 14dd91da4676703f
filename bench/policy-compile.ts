// What does it cost to work out the elements of a node's policies, at the start and change by change? No kernel.
// node --expose-gc bench/policy-compile.ts [PODS POLICIES LOCAL], LOCAL of the pods are this node's. The pods are of 100
// namespaces and 20 apps. The peer is what is simplest: for each rule of each policy that matters here the set of its
// peers' addresses, all anew for every change.
import { createPolicyCompiler } from '../src/policy/compile/policy-compiler.ts';
import type { PolicyCompiler } from '../src/policy/compile/policy-compiler.ts';
import { networkPolicyRules } from '../src/policy/model/network-policy.ts';
import { selectsPod } from '../src/policy/model/rules.ts';
import type { PolicyRules } from '../src/policy/model/rules.ts';
import type { PolicyPod } from '../src/policy/model/world.ts';
import { percentile, report } from './report.ts';

const [PODS = 10_000, POLICIES = 1_000, LOCAL = 250] = process.argv.slice(2).map(Number);
const NAMESPACES = 100;
const APPS = 20;
const CHANGES = 400;

const namespaceOf = (n: number): string => `ns-${n % NAMESPACES}`;
const namespaceLabels = (n: number): Record<string, string> => ({
  'kubernetes.io/metadata.name': `ns-${n}`,
  team: `team-${n % 10}`,
});
const appLabel = (n: number): { readonly app: string } => ({ app: `app-${n % APPS}` });

/** Spread over the namespaces and apps. */
const isHere = (n: number): boolean => (n * 7919) % PODS < LOCAL;

const podOf = (n: number, app = Math.floor(n / NAMESPACES)): PolicyPod => ({
  namespace: namespaceOf(n),
  name: `pod-${n}`,
  labels: { ...appLabel(app), 'pod-template-hash': `${n % 2000}`, tier: n % 3 === 0 ? 'web' : 'db' },
  node: isHere(n) ? 'node-1' : 'node-2',
  addresses: [
    `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
    `fd00::${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}`,
  ],
  namedPorts: [{ name: 'http', protocol: 'TCP', port: 8080 }],
});

/** By turns: from an app, from an app of other namespaces, from a network with a hole, to an app and out of the cluster. */
const policyOf = (n: number, port = 80): PolicyRules => {
  const other = { podSelector: { matchLabels: appLabel(n * 7 + 3) } };
  const elsewhere = { namespaceSelector: { matchLabels: { team: `team-${n % 10}` } } };
  const network = { cidr: `172.${n % 200}.0.0/16`, except: [`172.${n % 200}.${n % 250}.0/24`] };
  const outside = { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] };
  const rules = [
    { ingress: [{ from: [other], ports: [{ port }, { port: 'http' }] }] },
    { ingress: [{ from: [{ ...other, ...elsewhere }], ports: [{ port, endPort: port + 10 }] }] },
    { ingress: [{ from: [{ ipBlock: network }], ports: [{ port }] }] },
    { policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: outside }, other], ports: [{ port }] }] },
  ];
  const podSelector = { matchLabels: appLabel(Math.floor(n / NAMESPACES)) };
  return networkPolicyRules({
    metadata: { namespace: namespaceOf(n), name: `policy-${n}` },
    spec: { podSelector, ...rules[Math.floor(n / NAMESPACES) % rules.length] },
  });
};

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);
const pods = upTo(PODS).map((n) => podOf(n));
const policies = upTo(POLICIES).map((n) => policyOf(n));
const [here, elsewhere] = [upTo(PODS).filter(isHere), upTo(PODS).filter((n) => !isHere(n))];
/** Policies that select a pod of this node: the others cost nothing. */
const relevant = upTo(POLICIES).filter((n) =>
  here.some((pod) => selectsPod(policies[n]!.subject, pods[pod]!, undefined)),
);

const fill = (compiler: PolicyCompiler): void => {
  for (const n of upTo(NAMESPACES)) compiler.upsertNamespace(`ns-${n}`, namespaceLabels(n));
  pods.forEach(compiler.upsertPod);
  for (const { namespace, name, addresses } of here.map((n) => pods[n]!))
    compiler.upsertLocal(`${namespace}/${name}`, addresses);
  policies.forEach(compiler.upsertPolicy);
};

/** Of this thread: what else the machine does is not the question. */
const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

type Measured = {
  readonly cpu: number;
  readonly wall: readonly number[];
  readonly elements: readonly number[];
};

const measure = (compiler: PolicyCompiler, change: (n: number) => void): Measured => {
  const before = cpuMs();
  const steps = upTo(CHANGES).map((n) => {
    const start = performance.now();
    change(n);
    const { add, remove } = compiler.flush().changes;
    return { wall: performance.now() - start, elements: add.length + remove.length };
  });
  return {
    cpu: (cpuMs() - before) / CHANGES,
    wall: steps.map(({ wall }) => wall),
    elements: steps.map(({ elements }) => elements),
  };
};

/** How many addresses the rules of all policies that matter here have in their sets. */
const countPeers = (): number => {
  const labelsOf = ({ namespace }: PolicyPod): Record<string, string> =>
    namespaceLabels(Number(namespace.slice('ns-'.length)));
  const rules = relevant.flatMap((n) => [...(policies[n]!.ingress ?? []), ...(policies[n]!.egress ?? [])]);
  const peers = rules.flatMap((rule) => (rule.peers === 'any' ? [] : rule.peers));
  return peers
    .map((peer) =>
      peer.kind === 'pods' ? 2 * pods.filter((pod) => selectsPod(peer, pod, labelsOf(pod))).length : 1,
    )
    .reduce((sum, count) => sum + count, 0);
};

const heapMiB = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

const heapBefore = heapMiB();
const start = cpuMs();
const compiler = createPolicyCompiler();
fill(compiler);
const first = compiler.flush();
const whole = cpuMs() - start;
const kept = heapMiB() - heapBefore;
const peerStart = cpuMs();
const peers = countPeers();
const peer = cpuMs() - peerStart;

const pick = (from: readonly number[], n: number): number => from[(n * 7) % from.length]!;
const changes: readonly (readonly [what: string, change: (n: number) => void])[] = [
  ['a policy with another port', (n) => compiler.upsertPolicy(policyOf(pick(relevant, n), 1000 + n))],
  [
    'a policy goes or comes',
    (n) => {
      const policy = policyOf(pick(relevant, n >> 1));
      if (n % 2 === 0) compiler.deletePolicy(policy.key);
      else compiler.upsertPolicy(policy);
    },
  ],
  ['a label of a pod elsewhere', (n) => compiler.upsertPod(podOf(pick(elsewhere, n), n))],
  ['a label of a pod here', (n) => compiler.upsertPod(podOf(pick(here, n), n))],
  ['a label of a namespace', (n) => compiler.upsertNamespace(`ns-${n % NAMESPACES}`, namespaceLabels(n * 3))],
  [
    'a pod elsewhere goes',
    (n) => compiler.deletePod(`${namespaceOf(pick(elsewhere, n))}/pod-${pick(elsewhere, n)}`),
  ],
];
const rows = changes.map(([what, change]) => {
  const { cpu, wall, elements } = measure(compiler, change);
  const mean = elements.reduce((sum, count) => sum + count, 0) / CHANGES;
  return [
    what,
    `${cpu.toFixed(2)} ms`,
    `${percentile(wall, 0.5).toFixed(2)} ms`,
    `${percentile(wall, 0.99).toFixed(2)} ms`,
    `${mean.toFixed(1)}, at most ${Math.max(...elements)}`,
  ];
});
report(
  `elements of a node's policies: ${PODS} pods, ${LOCAL} of them here, ${POLICIES} policies, ${relevant.length} that matter here`,
  ['WHAT', 'CPU, MEAN', 'WALL P50', 'WALL P99', 'ELEMENTS'],
  [
    [
      'everything from nothing',
      `${whole.toFixed(0)} ms`,
      '-',
      '-',
      `${first.changes.add.length}, ${kept.toFixed(0)} MiB`,
    ],
    ['the peer: a set a rule, anew', `${peer.toFixed(0)} ms`, '-', '-', `${peers}`],
    ...rows,
  ],
);
