// A thread inside a network namespace that opens connections and serves them, told by messages what to do.
import dgram from 'node:dgram';
import net from 'node:net';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { enterNetns } from '../../src/kernel/netns.ts';

type Transport = 'tcp' | 'udp';
type Dial = {
  readonly host: string;
  readonly port: number;
  readonly transport?: Transport;
  /** Of UDP: sends from this port, so that several calls are one flow. */
  readonly localPort?: number;
};

export type NetnsAgent = {
  /** Serves on all addresses; each connection and each datagram is answered with `NAME PEER-ADDRESS`. */
  readonly serve: (name: string, transport: Transport, port: number) => Promise<void>;
  /** The answer, or `error CODE`: ECONNREFUSED, ETIMEDOUT (no answer within 400 ms). */
  readonly dial: (to: Dial) => Promise<string>;
  readonly close: () => Promise<void>;
};

type Request = { readonly id: number; readonly method: 'serve' | 'dial'; readonly args: readonly unknown[] };

/** Starts an agent in the namespace. */
export const startNetnsAgent = (path: string): NetnsAgent => {
  const worker = new Worker(new URL(import.meta.url), { workerData: path });
  const waiting = new Map<number, PromiseWithResolvers<string>>();
  worker.on('message', ({ id, answer }: { id: number; answer: string }) => {
    waiting.get(id)?.resolve(answer);
    waiting.delete(id);
  });
  worker.on('error', (error) => waiting.forEach(({ reject }) => reject(error)));
  let next = 0;
  const call = (method: Request['method'], ...args: readonly unknown[]): Promise<string> => {
    const deferred = Promise.withResolvers<string>();
    waiting.set(next, deferred);
    worker.postMessage({ id: next++, method, args } satisfies Request);
    return deferred.promise;
  };
  return {
    serve: async (...args) => {
      const answer = await call('serve', ...args);
      if (answer !== '') throw new Error(`serve ${args.join(' ')}: ${answer}`);
    },
    dial: (to) => call('dial', to),
    close: async () => void (await worker.terminate()),
  };
};

const TIMEOUT_MS = 400;

const bare = (address: string | undefined): string => (address ?? '').replace('::ffff:', '');

const serveTcp = (name: string, port: number): Promise<string> =>
  new Promise((resolve) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.end(`${name} ${bare(socket.remoteAddress)}`);
    });
    server.once('error', (error) => resolve(error.message));
    server.listen(port, () => resolve(''));
  });

const serveUdp = (name: string, port: number): Promise<string> =>
  new Promise((resolve) => {
    const server = dgram.createSocket({ type: 'udp6', lookup: literal });
    server.on('message', (_, peer) => server.send(`${name} ${bare(peer.address)}`, peer.port, peer.address));
    server.once('error', (error) => resolve(error.message));
    server.bind(port, () => resolve(''));
  });

/** No getaddrinfo: libuv's thread pool is not in the namespace. */
const literal = (
  host: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void => done(null, host, net.isIP(host));

const dialTcp = ({ host, port }: Dial): Promise<string> =>
  new Promise((resolve) => {
    const socket = net.connect({ host, port, lookup: literal as never });
    let text = '';
    socket.setTimeout(TIMEOUT_MS, () => {
      socket.destroy();
      resolve('error ETIMEDOUT');
    });
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(`error ${error.code}`));
    socket.on('close', () => resolve(text));
  });

const dialUdp = ({ host, port, localPort = 0 }: Dial): Promise<string> =>
  new Promise((resolve) => {
    const socket = dgram.createSocket({ type: net.isIP(host) === 6 ? 'udp6' : 'udp4', lookup: literal });
    const end = (answer: string): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end('error ETIMEDOUT'), TIMEOUT_MS);
    socket.on('message', (data) => end(data.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => end(`error ${error.code}`));
    // connected, so that an ICMP error comes back as ECONNREFUSED
    socket.bind(localPort, () => socket.connect(port, host, () => socket.send('hello')));
  });

const handle = ({ method, args }: Request): Promise<string> => {
  if (method === 'dial') {
    const to = args[0] as Dial;
    return to.transport === 'udp' ? dialUdp(to) : dialTcp(to);
  }
  const [name, transport, port] = args as [string, Transport, number];
  return transport === 'udp' ? serveUdp(name, port) : serveTcp(name, port);
};

if (!isMainThread && typeof workerData === 'string') {
  enterNetns(workerData);
  parentPort!.on('message', (request: Request) => {
    void handle(request).then((answer) => parentPort!.postMessage({ id: request.id, answer }));
  });
}
