// How much memory does the DNS of a node take in a cluster of 8,200 Services and 150,000 pods, by itself in a process,
// and how much when it must list all of them anew?
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { report } from './report.ts';

type Memory = { readonly rss: number; readonly heapUsed: number; readonly peak: number };

const SERVER = join(import.meta.dirname, 'dns-server.ts');

/** V8 keeps what it ever took: with room it takes room. In these limits everything must find its place, in MB. */
const HEAP = ['--max-semi-space-size=2', '--max-old-space-size=64'];

const start = async (port: number, services: number, pods: number): Promise<ChildProcess> => {
  const args = ['127.53.7.3', port, services, pods].map(String);
  const server = fork(SERVER, args, { execArgv: ['--expose-gc', ...HEAP] });
  await once(server, 'message');
  return server;
};

const ask = async <T>(server: ChildProcess, question: 'memory' | 'relist'): Promise<T> => {
  server.send(question);
  const [answer] = (await once(server, 'message')) as [T];
  return answer;
};

const measure = async (port: number, services: number, pods: number): Promise<Memory> => {
  const server = await start(port, services, pods);
  await ask(server, 'relist');
  const memory = await ask<Memory>(server, 'memory');
  server.disconnect();
  return memory;
};

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const row = (what: string, { rss, heapUsed, peak }: Memory, target: string): string[] => [
  what,
  ...[rss, heapUsed, peak].map(megabytes),
  target,
];

report(
  `memory of the DNS of one node, ${HEAP.join(' ')}`,
  ['CLUSTER', 'RSS', 'JS HEAP', 'PEAK RSS, ALL LISTED TWICE', 'TARGET'],
  [
    row('empty', await measure(5361, 0, 0), '-'),
    row('8,200 Services', await measure(5362, 8_200, 0), '-'),
    row('8,200 Services, 150,000 pods', await measure(5363, 8_200, 150_000), 'RSS < 150 MB'),
  ],
);
