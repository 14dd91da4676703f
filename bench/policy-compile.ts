// What does it cost to work out the elements of a node's policies, at the start and change by change? (CPU time.)
// 10,000 pods in 100 namespaces (100 apps of each) and 1,000 policies; LOCAL of the pods are this node's. The peer is
// the layout that most implementations have: the addresses of every rule's peers as a set of its own.
import { createPolicyCompiler } from '../src/policy/compile/policy-compiler.ts';
import type { Flush, PolicyCompiler } from '../src/policy/compile/policy-compiler.ts';
import { networkPolicyRules } from '../src/policy/model/network-policy.ts';
import { selectsPod } from '../src/policy/model/rules.ts';
import type { PolicyRules } from '../src/policy/model/rules.ts';
import type { PolicyPod } from '../src/policy/model/world.ts';
import { percentile, report } from './report.ts';

const PODS = Number(process.env['PODS'] ?? 10_000);
const POLICIES = Number(process.env['POLICIES'] ?? 1_000);
const LOCAL = Number(process.env['LOCAL'] ?? 250);
const NAMESPACES = 100;
const APPS = 20;
const CHANGES = 200;

const namespaceOf = (n: number): string => `ns-${n % NAMESPACES}`;
const appOf = (n: number): string => `app-${Math.floor(n / NAMESPACES) % APPS}`;

/** Spread over the namespaces and apps. */
const isHere = (n: number): boolean => (n * 7919) % PODS < LOCAL;

const podOf = (n: number, labels: Record<string, string> = {}): PolicyPod => ({
  namespace: namespaceOf(n),
  name: `pod-${n}`,
  labels: {
    app: appOf(n),
    'pod-template-hash': `${n % (NAMESPACES * APPS)}`,
    tier: n % 3 === 0 ? 'web' : 'db',
    ...labels,
  },
  node: isHere(n) ? 'node-1' : 'other',
  addresses: [
    `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
    `fd00::${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}`,
  ],
  namedPorts: [{ name: 'http', protocol: 'TCP', port: 8080 }],
});

/** By turns: one app from another, from other namespaces, from a network with holes, and to everywhere but there. */
const policyOf = (n: number, port = 80): PolicyRules => {
  const namespace = namespaceOf(n);
  const podSelector = { matchLabels: { app: `app-${Math.floor(n / NAMESPACES)}` } };
  const app = { matchLabels: { app: `app-${(n * 7 + 3) % APPS}` } };
  const spec = [
    { podSelector, ingress: [{ from: [{ podSelector: app }], ports: [{ port }, { port: 'http' }] }] },
    {
      podSelector,
      ingress: [
        {
          from: [{ namespaceSelector: { matchLabels: { team: `team-${n % 10}` } }, podSelector: app }],
          ports: [{ port, endPort: port + 10 }],
        },
      ],
    },
    {
      podSelector,
      ingress: [
        {
          from: [{ ipBlock: { cidr: `172.${n % 200}.0.0/16`, except: [`172.${n % 200}.${n % 250}.0/24`] } }],
        },
      ],
    },
    {
      podSelector,
      policyTypes: ['Ingress', 'Egress'],
      egress: [
        {
          to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }, { podSelector: app }],
          ports: [{ port: 443 }],
        },
      ],
    },
  ][Math.floor(n / NAMESPACES) % 4]!;
  return networkPolicyRules({ metadata: { namespace, name: `policy-${n}` }, spec });
};

const fill = (compiler: PolicyCompiler): void => {
  for (let n = 0; n < NAMESPACES; n++)
    compiler.upsertNamespace(`ns-${n}`, { 'kubernetes.io/metadata.name': `ns-${n}`, team: `team-${n % 10}` });
  for (const pod of pods) {
    compiler.upsertPod(pod);
    if (pod.node === 'node-1') compiler.upsertLocal(`${pod.namespace}/${pod.name}`, pod.addresses);
  }
  policies.forEach(compiler.upsertPolicy);
};

/** Of this thread: what else the machine does is not our question. */
const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

const sizeOf = ({ changes }: Flush): number => changes.add.length + changes.remove.length;

type Measured = { readonly milliseconds: number[]; readonly elements: number[] };

const measure = (compiler: PolicyCompiler, change: (n: number) => void): Measured => {
  const measured: Measured = { milliseconds: [], elements: [] };
  for (let n = 0; n < CHANGES; n++) {
    const start = cpuMs();
    change(n);
    const flush = compiler.flush();
    measured.milliseconds.push(cpuMs() - start);
    measured.elements.push(sizeOf(flush));
  }
  return measured;
};

/** A set of addresses for each rule of each policy that selects a pod of this node: how many elements, and how long. */
const naive = (): { readonly milliseconds: number; readonly elements: number } => {
  const start = cpuMs();
  let elements = 0;
  for (const { subject, ingress = [], egress = [] } of policies) {
    if (!pods.some((pod) => pod.node === 'node-1' && selectsPod(subject, pod, labelsOf(pod)))) continue;
    for (const { peers } of [...ingress, ...egress])
      for (const peer of peers === 'any' ? [] : peers)
        if (peer.kind === 'pods')
          for (const pod of pods) if (selectsPod(peer, pod, labelsOf(pod))) elements += pod.addresses.length;
  }
  return { milliseconds: cpuMs() - start, elements };
};

const labelsOf = ({ namespace }: PolicyPod): Record<string, string> => ({
  team: `team-${Number(namespace.slice(3)) % 10}`,
});

const pods = Array.from({ length: PODS }, (_, n) => podOf(n));
const policies = Array.from({ length: POLICIES }, (_, n) => policyOf(n));
const memory = (): number => (globalThis.gc?.(), process.memoryUsage().heapUsed / 2 ** 20);

const before = memory();
const start = cpuMs();
const compiler = createPolicyCompiler();
fill(compiler);
const noted = cpuMs() - start;
const first = compiler.flush();
const full = cpuMs() - start;
const used = memory() - before;
const counts = [...compiler.elements()].map(([map, { size }]) => `${map} ${size}`).join(', ');

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);
const [here, elsewhere] = [numbers(PODS).filter(isHere), numbers(PODS).filter((n) => !isHere(n))];
/** Policies that select a pod of this node: the others cost nothing. */
const relevant = numbers(POLICIES).filter((n) =>
  here.some((pod) => selectsPod(policies[n]!.subject, pods[pod]!, undefined)),
);
const pick = (from: readonly number[], n: number): number => from[(n * 7) % from.length]!;
const app = (n: number): Record<string, string> => ({ app: `app-${n % APPS}` });

const measured: readonly (readonly [string, Measured])[] = [
  [
    'one policy has another port',
    measure(compiler, (n) => compiler.upsertPolicy(policyOf(pick(relevant, n), 1000 + n))),
  ],
  ['one policy goes', measure(compiler, (n) => compiler.deletePolicy(policyOf(pick(relevant, n)).key))],
  ['one policy comes', measure(compiler, (n) => compiler.upsertPolicy(policyOf(pick(relevant, n))))],
  [
    'one label of a pod elsewhere',
    measure(compiler, (n) => compiler.upsertPod(podOf(pick(elsewhere, n), app(n)))),
  ],
  [
    'one label of a pod of this node',
    measure(compiler, (n) => compiler.upsertPod(podOf(pick(here, n), app(n)))),
  ],
  [
    'one pod elsewhere goes',
    measure(compiler, (n) =>
      compiler.deletePod(`${namespaceOf(pick(elsewhere, n))}/pod-${pick(elsewhere, n)}`),
    ),
  ],
];
const peer = naive();
report(
  `elements of the policies of a node: ${PODS} pods, ${LOCAL} of them here, ${POLICIES} policies`,
  ['WHAT', 'P50', 'P99', 'ELEMENTS P50', 'ELEMENTS MOST'],
  [
    [
      'everything from nothing',
      `${full.toFixed(0)} ms`,
      `(${noted.toFixed(0)} to note)`,
      `${sizeOf(first)}`,
      '-',
    ],
    ['a set for every rule', `${peer.milliseconds.toFixed(0)} ms`, '-', `${peer.elements}`, '-'],
    ...measured.map(([what, { milliseconds, elements }]) => [
      what,
      `${percentile(milliseconds, 0.5).toFixed(2)} ms`,
      `${percentile(milliseconds, 0.99).toFixed(2)} ms`,
      `${percentile(elements, 0.5)}`,
      `${Math.max(...elements)}`,
    ]),
    ['memory kept', `${used.toFixed(1)} MiB`, '-', '-', '-'],
  ],
);
process.stdout.write(`${counts}\n`);
