// One endpoint changes among 30,000 Services: how long from the API's write until the kernel of a node has it?
// The generation of the node's ruleset tells when: it counts transactions, and asking for it disturbs nobody. (A listener
// such as `nft monitor` does: each transaction waits for one that cannot keep up. Nor must this process take the core that
// the cluster needs: it sleeps between two looks.)
// Also without the changes during which a thread of it waited for a core: that is others' work, and the machine's size.
// `node bench/endpoint-change.ts SERVICES CHANGES`
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connectTo, runningCluster } from '../src/cli/cluster-client.ts';
import type { EndpointSlice } from '../src/k8s/generated/types.ts';
import { endpointSlices, services } from '../src/k8s/resources.ts';
import { netnsPath, withNetns } from '../src/kernel/netns.ts';
import { openNftGeneration } from '../src/kernel/nft-generation.ts';
import { eventually } from '../test/support/poll.ts';
import { runOk, startTestCluster } from '../test/support/test-cluster.ts';
import { percentile, report } from './report.ts';

const SERVICES = Number(process.argv[2] ?? 30_000);
const ENDPOINTS = 3;
const CHANGES = Number(process.argv[3] ?? 3000);
const LOOK_MS = 0.05;
const PAUSE_MS = 10;
const WRITERS = 32;
/** Of all threads of the cluster and of this process together: less than that is no wait. */
const WAITED_MS = 0.5;
/** A cluster that has just taken in everything still collects its garbage. */
const SETTLE_MS = 10_000;

const namespace = 'default';
const addressOf = (service: number, endpoint: number): string =>
  `10.200.${(service * ENDPOINTS + endpoint) & 255}.${1 + (((service * ENDPOINTS + endpoint) >> 8) % 250)}`;

const sliceOf = (service: number, lastAddress = addressOf(service, ENDPOINTS - 1)): EndpointSlice => ({
  metadata: { name: `s${service}`, namespace, labels: { 'kubernetes.io/service-name': `s${service}` } },
  addressType: 'IPv4',
  ports: [{ name: '', port: 80, protocol: 'TCP' }],
  endpoints: Array.from({ length: ENDPOINTS }, (_, index) => ({
    addresses: [index === ENDPOINTS - 1 ? lastAddress : addressOf(service, index)],
  })),
});

const name = 'bench-change';
const cluster = await startTestCluster(name, { nodes: 1 });
const client = connectTo(runningCluster(name));
const netns = netnsPath(`podnet-${name}-node-1`);
const inNode = (...args: readonly string[]): Promise<string> =>
  runOk('nsenter', [`--net=${netns}`, '--', ...args]);
const rssMb = (): number => {
  const status = readFileSync(`/proc/${runningCluster(name).pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) / 1024;
};
const generation = withNetns(netns, openNftGeneration);

const never = new Int32Array(new SharedArrayBuffer(4));

/** When the kernel has another generation than `before`, and 0.1 ms late at most. */
const nextGeneration = (before: number): number => {
  while (generation.read() === before) Atomics.wait(never, 0, 0, LOOK_MS);
  return performance.now();
};

/** Kernel time and all: of the whole cluster's process, in milliseconds. */
const cpuMs = (): number => {
  const fields = readFileSync(`/proc/${runningCluster(name).pid}/stat`, 'utf8')
    .split(') ')[1]!
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10; // utime and stime in ticks of 10 ms
};

/** How long the threads of the cluster and of this process were ready to run and did not: linux sched/stats.h, schedstat. */
const waitedMs = (): number =>
  [runningCluster(name).pid, process.pid]
    .flatMap((pid) => readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}/schedstat`))
    .reduce((sum, file) => sum + waitedNs(file) / 1e6, 0);

const waitedNs = (file: string): number => {
  try {
    return Number(readFileSync(file, 'utf8').split(' ')[1]);
  } catch {
    return 0; // the thread has ended
  }
};

try {
  let next = 0;
  const start = performance.now();
  const write = async (): Promise<void> => {
    while (next < SERVICES) {
      const service = next++;
      await client.create(services, {
        metadata: { name: `s${service}`, namespace },
        spec: { ports: [{ port: 80, protocol: 'TCP' }] },
      });
      await client.create(endpointSlices, sliceOf(service));
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  const wroteMs = performance.now() - start;
  await eventually(
    'the kernel has all Services',
    async () => {
      const text = await inNode('nft', 'list', 'map', 'ip', 'podnet-services', 'services');
      return (text.match(/10\.\d+\.\d+\.\d+ \. 80 : /g) ?? []).length >= SERVICES;
    },
    120_000,
  );
  const inKernelMs = performance.now() - start;
  await delay(SETTLE_MS);
  const samples: number[] = [];
  const undisturbed: number[] = [];
  const writes: number[] = [];
  const cpuBefore = cpuMs();
  for (let change = 0; change < CHANGES; change++) {
    const waited = waitedMs();
    const [before, old] = [performance.now(), generation.read()];
    await client.update(
      endpointSlices,
      sliceOf((change * 97) % SERVICES, `10.201.${(change >> 8) & 255}.${change & 255}`),
    );
    writes.push(performance.now() - before);
    const tookMs = nextGeneration(old) - before;
    samples.push(tookMs);
    if (waitedMs() - waited < WAITED_MS) undisturbed.push(tookMs);
    if (change % 500 === 0) process.stderr.write(`${change} of ${CHANGES} changes\n`);
    await delay(PAUSE_MS);
  }
  const cpuPerChange = (cpuMs() - cpuBefore) / CHANGES;
  const ms = (value: number): string => `${value.toFixed(2)} ms`;
  const row = (what: string, times: readonly number[]): readonly string[] => [
    what,
    ...[0.5, 0.99, 0.999].map((p) => (times.length > 0 ? ms(percentile(times, p)) : '-')),
  ];
  report(
    `one endpoint changes among ${SERVICES} Services of ${ENDPOINTS} endpoints, ${CHANGES} times`,
    ['WHAT', 'P50', 'P99', 'P99.9'],
    [
      row('API write to its answer', writes),
      row('API write to the kernel', samples),
      row(`the ${undisturbed.length} that waited for no core`, undisturbed),
      ['target', '3 ms', '10 ms', '-'],
      ['CPU of the whole cluster for a change', ms(cpuPerChange), '', ''],
      [
        'all written / all in the kernel',
        `${(wroteMs / 1000).toFixed(1)} s`,
        `${(inKernelMs / 1000).toFixed(1)} s`,
        '',
      ],
      ['RSS of the whole cluster', `${rssMb().toFixed(0)} MB`, '', ''],
    ],
  );
} finally {
  generation.close();
  client.close();
  await cluster.down();
}
