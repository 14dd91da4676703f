// How much memory does the agent of one node take by itself (service proxy, DNS and their caches in a process of their own,
// the API server in another) when it is synced, and when everything was listed anew? Needs root.
// `node bench/agent-memory.ts SERVICES ENDPOINTS`; without, 10,000 and 30,000 Services of 2 endpoints.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createNetns, deleteNetns } from '../src/kernel/netns.ts';
import type { AgentMemory, ApiAddress } from './agent-parts.ts';
import { report } from './report.ts';

const PARTS = join(import.meta.dirname, 'agent-parts.ts');
const ENDPOINTS = Number(process.argv[3] ?? 2);
const SIZES = process.argv[2] ? [Number(process.argv[2])] : [0, 10_000, 30_000];
/** As the threads of an embedded cluster have it: cli/start-cluster.ts. */
const HEAP = ['--max-semi-space-size=4', '--heap-growing-percent=40'];
const NETNS = `podnet-bench-agent-${process.pid}`;

const answer = async <T>(child: ChildProcess): Promise<T> => ((await once(child, 'message')) as [T])[0];

/** What the agent takes after its first sync, and after a second list of everything. */
const measure = async (services: number): Promise<readonly [AgentMemory, AgentMemory]> => {
  const path = createNetns(NETNS);
  const api = fork(PARTS, ['api', path, String(services), String(ENDPOINTS)]);
  try {
    const address = await answer<ApiAddress>(api);
    const agent = fork(PARTS, ['agent', path], { execArgv: HEAP });
    agent.send(address);
    const synced = await answer<AgentMemory>(agent);
    agent.send('relist');
    const listedTwice = await answer<AgentMemory>(agent);
    agent.kill();
    return [synced, listedTwice];
  } finally {
    api.kill();
    deleteNetns(NETNS);
  }
};

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

const rows: string[][] = [];
for (const services of SIZES) {
  process.stderr.write(`${services} Services ...\n`);
  const [synced, listedTwice] = await measure(services);
  rows.push([
    services === 0 ? 'none' : `${services} of ${ENDPOINTS} endpoints`,
    megabytes(synced.rss),
    megabytes(synced.heapUsed),
    megabytes(listedTwice.rss),
    megabytes(listedTwice.peak),
    services === 10_000 ? 'RSS < 260 MB' : '-',
  ]);
}
report(
  `memory of the agent of one node by itself, ${HEAP.join(' ')}`,
  ['SERVICES', 'RSS, SYNCED', 'JS HEAP', 'RSS, ALL LISTED TWICE', 'PEAK', 'TARGET'],
  rows,
);
