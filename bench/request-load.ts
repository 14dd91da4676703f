// Requests at a steady rate, each on a connection of its own, from a thread: on the host, or in a node's network namespace.
import { once } from 'node:events';
import { type ClientRequest, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { enterNetns } from '../src/kernel/netns.ts';

const TICK_MS = 10;

export type Load = {
  readonly url: string;
  readonly requestsPerSecond: number;
  /** Where they come from; the host without it. */
  readonly netns?: string;
};

export type Tally = { readonly latencies: number[]; readonly failures: string[] };

/** Begins at once; the returned function ends it and gives what came of it when all are answered. */
export const startLoad = (load: Load): (() => Promise<Tally>) => {
  const worker = new Worker(new URL(import.meta.url), { workerData: { load } });
  return async () => {
    worker.postMessage('stop');
    const [tally] = (await once(worker, 'message')) as [Tally];
    await worker.terminate();
    return tally;
  };
};

const run = async ({ url, requestsPerSecond, netns }: Load): Promise<Tally> => {
  if (netns !== undefined) enterNetns(netns);
  let isOver = false;
  parentPort!.once('message', () => (isOver = true));
  const tally: Tally = { latencies: [], failures: [] };
  const open = new Set<ClientRequest>();
  let due = performance.now();
  while (!isOver) {
    for (; due <= performance.now(); due += 1000 / requestsPerSecond) send(url, tally, open);
    await delay(TICK_MS);
  }
  while (open.size > 0) await delay(TICK_MS);
  return tally;
};

const send = (url: string, { latencies, failures }: Tally, open: Set<ClientRequest>): void => {
  const start = performance.now();
  const request = get(url, { agent: false, timeout: 5000 }, (response) => {
    response.resume().on('end', () => {
      if (response.statusCode === 200) latencies.push(performance.now() - start);
      else failures.push(`status ${response.statusCode}`);
    });
  });
  open.add(request);
  request.on('timeout', () => request.destroy(new Error('timeout')));
  request.on('error', (error) => failures.push(error.message));
  request.on('close', () => open.delete(request));
};

const { load } = (workerData ?? {}) as { readonly load?: Load };
if (!isMainThread && load) parentPort!.postMessage(await run(load));
