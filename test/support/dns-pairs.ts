// A thread inside a network namespace that asks as glibc does: A and AAAA at once from one socket, a new socket for each
// pair, and never again for what was lost.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { enterNetns } from '../../src/kernel/netns.ts';
import { encodeMessage } from '../../src/wire/dns/codec.ts';
import { TYPE } from '../../src/wire/dns/constants.ts';
import { queryOf } from '../../src/wire/dns/query.ts';

type Data = {
  readonly dnsPairs: true;
  readonly netns: string;
  readonly server: string;
  readonly name: string;
  readonly pairs: number;
};

export type PairsResult = { readonly whole: number; readonly lost: number; readonly slowestMs: number };

const AT_ONCE = 64;
/** resolv.conf(5): where a client gives up on the first try. */
const TIMEOUT_MS = 5_000;

export const askPairs = async (options: Omit<Data, 'dnsPairs'>): Promise<PairsResult> => {
  const worker = new Worker(new URL(import.meta.url), { workerData: { ...options, dnsPairs: true } });
  const [result] = (await once(worker, 'message')) as [PairsResult];
  await worker.terminate();
  return result;
};

const queryFor = (name: string, type: number): Uint8Array =>
  encodeMessage(queryOf(type, { name, type, class: 1 }));

const askPair = ({ server }: Data, queries: readonly Uint8Array[]): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4');
    let missing = queries.length;
    const end = (isWhole: boolean): void => {
      clearTimeout(timer);
      socket.close();
      resolve(isWhole);
    };
    const timer = setTimeout(() => end(false), TIMEOUT_MS);
    socket.on('error', () => end(false));
    socket.on('message', (answer) => {
      const hasAnswer = (answer[3]! & 0xf) === 0 && answer[7] === 1;
      if (!hasAnswer) end(false);
      else if (--missing === 0) end(true);
    });
    socket.connect(53, server, () => queries.forEach((query) => socket.send(query)));
  });

const run = async (data: Data): Promise<PairsResult> => {
  enterNetns(data.netns);
  const queries = [TYPE.A, TYPE.AAAA].map((type) => queryFor(data.name, type));
  let [begun, whole, lost, slowestMs] = [0, 0, 0, 0];
  const asker = async (): Promise<void> => {
    while (begun++ < data.pairs) {
      const start = performance.now();
      if (await askPair(data, queries)) whole++;
      else lost++;
      slowestMs = Math.max(slowestMs, performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, asker));
  return { whole, lost, slowestMs };
};

if (!isMainThread && (workerData as Partial<Data>).dnsPairs)
  parentPort!.postMessage(await run(workerData as Data));
