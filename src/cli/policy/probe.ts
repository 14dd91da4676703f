// Real connections from network namespaces: whether anything comes back.
import dgram from 'node:dgram';
import net from 'node:net';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { enterNetns } from '../../kernel/netns.ts';

export type Probe = {
  readonly protocol: 'TCP' | 'UDP';
  readonly source: string;
  readonly destination: string;
  readonly port: number;
};

/** Reached: there was an answer, also a refusal. Silence is what a dropped packet gives, and a UDP server with nothing to say. */
export type ProbeOutcome = 'reached' | 'silence' | 'unreachable';

/** Long enough for a second SYN, which follows the first after a second. */
const TIMEOUT_MS = 1500;

/** Tries them all at once from inside the namespace, in a thread of its own: a thread never comes back from there. */
export const probeFrom = (netns: string, probes: readonly Probe[]): Promise<readonly ProbeOutcome[]> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { netns, probes } satisfies Order });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error(`the probes from ${netns} ended without an answer`)));
  });

type Order = { readonly netns: string; readonly probes: readonly Probe[] };

const probe = (order: Probe): Promise<ProbeOutcome> =>
  order.protocol === 'TCP' ? probeTcp(order) : probeUdp(order);

const probeTcp = ({ source, destination, port }: Probe): Promise<ProbeOutcome> =>
  new Promise((resolve) => {
    const socket = net.connect({ host: destination, port, localAddress: source });
    const end = (outcome: ProbeOutcome): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(TIMEOUT_MS, () => end('silence'));
    socket.once('connect', () => end('reached'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(outcomeOf(error)));
  });

const probeUdp = ({ source, destination, port }: Probe): Promise<ProbeOutcome> =>
  new Promise((resolve) => {
    const socket = dgram.createSocket(net.isIPv6(source) ? 'udp6' : 'udp4');
    const end = (outcome: ProbeOutcome): void => {
      clearTimeout(timer);
      socket.close();
      resolve(outcome);
    };
    const timer = setTimeout(() => end('silence'), TIMEOUT_MS);
    socket.once('message', () => end('reached'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(outcomeOf(error)));
    socket.bind(0, source, () => socket.connect(port, destination, () => socket.send('?')));
  });

/** A refusal comes from the other end; ETIMEDOUT is the kernel's own silence. */
const outcomeOf = ({ code }: NodeJS.ErrnoException): ProbeOutcome => {
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return 'reached';
  return code === 'ETIMEDOUT' ? 'silence' : 'unreachable';
};

if (!isMainThread && parentPort) {
  const { netns, probes } = workerData as Order;
  enterNetns(netns);
  parentPort.postMessage(await Promise.all(probes.map(probe)));
}
