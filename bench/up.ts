// How long does `podnet up` of three nodes take until all are Ready, and how much memory does the idle cluster use?
import { readFileSync } from 'node:fs';
import { contextName } from '../src/cli/kubeconfig.ts';
import { clusterFiles } from '../src/embedded/cluster-files.ts';
import { startTestCluster } from '../test/support/test-cluster.ts';
import { percentile, report } from './report.ts';

const ROUNDS = 5;

const rssMb = (pid: number): number => {
  const kb = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
  return Number(kb) / 1024;
};

const pidOf = (name: string): number =>
  (JSON.parse(readFileSync(clusterFiles(name).record, 'utf8')) as { pid: number }).pid;

const upMs: number[] = [];
const downMs: number[] = [];
const rss: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const start = performance.now();
  const cluster = await startTestCluster('bench-up');
  upMs.push(performance.now() - start);
  rss.push(rssMb(pidOf('bench-up')));
  const stop = performance.now();
  await cluster.down();
  downMs.push(performance.now() - stop);
}
const row = (name: string, samples: readonly number[], unit: string): string[] => [
  name,
  ...[0, 0.5, 1].map((p) => `${percentile(samples, p).toFixed(0)} ${unit}`),
];
report(
  `podnet up --nodes 3 (context ${contextName('bench-up')}), ${ROUNDS} rounds`,
  ['WHAT', 'MIN', 'MEDIAN', 'MAX'],
  [
    row('up: command to all nodes Ready', upMs, 'ms'),
    row('RSS of the whole idle cluster', rss, 'MB'),
    row('down', downMs, 'ms'),
  ],
);
