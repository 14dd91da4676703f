// A thread inside a network namespace that opens connections and serves them, told by messages what to do; a process
// where it is to be in a cgroup, which threads share.
import { type ChildProcess, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import dgram from 'node:dgram';
import net from 'node:net';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { enterNetns } from '../../src/kernel/netns.ts';

type Transport = 'tcp' | 'udp';
type Dial = {
  readonly host: string;
  readonly port: number;
  readonly transport?: Transport;
  /** How long to wait for the answer: a second unless said otherwise. */
  readonly timeoutMs?: number;
  /** From this port: so several calls by UDP are one flow, and those by TCP meet what the call before has left. */
  readonly localPort?: number;
  /** Of UDP: with this source, which the namespace must have. */
  readonly localAddress?: string;
  /** Of UDP: sends so many bytes, and the answer is as long. */
  readonly sizeBytes?: number;
};

export type NetnsAgent = {
  /** Serves on all addresses; each connection and each datagram is answered with `NAME PEER-ADDRESS`. */
  readonly serve: (name: string, transport: Transport, port: number) => Promise<void>;
  /** Serves TCP on all addresses; each line is answered with `NAME LINE`, one that is `later` after 200 ms. */
  readonly serveLines: (name: string, port: number) => Promise<void>;
  /** A connection to such a server: says a line and gives the answer, or `error CODE`. */
  readonly connect: (to: Dial) => Promise<(line: string) => Promise<string>>;
  /** What a TCP server answers to `request`, all of it. */
  readonly ask: (to: Dial, request: string) => Promise<string>;
  /** The answer, or `error CODE`: ECONNREFUSED, ETIMEDOUT (no answer in time). */
  readonly dial: (to: Dial) => Promise<string>;
  readonly close: () => Promise<void>;
};

type Method = 'serve' | 'serve-lines' | 'dial' | 'connect' | 'say' | 'ask';
type Request = { readonly id: number; readonly method: Method; readonly args: readonly unknown[] };

/** Starts an agent in the namespace; in a cgroup, if `cgroup` is one's folder. */
export const startNetnsAgent = (path: string, cgroup?: string): NetnsAgent => {
  const worker = cgroup === undefined ? startThread(path) : startProcess(path, cgroup);
  const waiting = new Map<number, PromiseWithResolvers<string>>();
  worker.onAnswer(({ id, answer }) => {
    waiting.get(id)?.resolve(answer);
    waiting.delete(id);
  });
  worker.onError((error) => waiting.forEach(({ reject }) => reject(error)));
  let next = 0;
  const call = (method: Request['method'], ...args: readonly unknown[]): Promise<string> => {
    const deferred = Promise.withResolvers<string>();
    waiting.set(next, deferred);
    worker.send({ id: next++, method, args } satisfies Request);
    return deferred.promise;
  };
  const must = async (method: Method, ...args: readonly unknown[]): Promise<string> => {
    const answer = await call(method, ...args);
    if (answer.startsWith('error')) throw new Error(`${method} ${JSON.stringify(args)}: ${answer}`);
    return answer;
  };
  return {
    serve: async (...args) => void (await must('serve', ...args)),
    serveLines: async (...args) => void (await must('serve-lines', ...args)),
    connect: async (to) => {
      const connection = await must('connect', to);
      return (line) => call('say', Number(connection), line);
    },
    ask: (to, request) => call('ask', to, request),
    dial: (to) => call('dial', to),
    close: worker.close,
  };
};

type Answer = { readonly id: number; readonly answer: string };

type Runner = {
  readonly onAnswer: (listener: (answer: Answer) => void) => unknown;
  readonly onError: (listener: (error: Error) => void) => unknown;
  readonly send: (request: Request) => unknown;
  readonly close: () => Promise<void>;
};

const startThread = (path: string): Runner => {
  const worker = new Worker(new URL(import.meta.url), { workerData: path });
  return {
    onAnswer: (listener) => worker.on('message', listener),
    onError: (listener) => worker.on('error', listener),
    send: (request) => worker.postMessage(request),
    close: async () => void (await worker.terminate()),
  };
};

const startProcess = (path: string, cgroup: string): Runner => {
  const child: ChildProcess = fork(new URL(import.meta.url), [path]);
  writeFileSync(`${cgroup}/cgroup.procs`, String(child.pid));
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  return {
    onAnswer: (listener) => child.on('message', listener),
    onError: (listener) => child.on('error', listener),
    send: (request) => child.send(request),
    close: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
};

const TIMEOUT_MS = 1000;

const bare = (address: string | undefined): string => (address ?? '').replace('::ffff:', '');

const serveTcp = (name: string, port: number): Promise<string> =>
  new Promise((resolve) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.end(`${name} ${bare(socket.remoteAddress)}`);
    });
    server.once('error', (error) => resolve(`error ${error.message}`));
    server.listen(port, () => resolve(''));
  });

const serveLines = (name: string, port: number): Promise<string> =>
  new Promise((resolve) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        const line = chunk.toString();
        setTimeout(() => socket.write(`${name} ${line}`), line.startsWith('later') ? 200 : 0);
      });
    });
    server.once('error', (error) => resolve(`error ${error.message}`));
    server.listen(port, () => resolve(''));
  });

const serveUdp = (name: string, port: number): Promise<string> =>
  new Promise((resolve) => {
    const server = dgram.createSocket({ type: 'udp6', lookup: literal });
    server.on('message', (data, peer) => {
      const answer = `${name} ${bare(peer.address)}`;
      server.send(data.length > answer.length ? answer.padEnd(data.length) : answer, peer.port, peer.address);
    });
    server.once('error', (error) => resolve(`error ${error.message}`));
    server.bind(port, () => resolve(''));
  });

/** No getaddrinfo: libuv's thread pool is not in the namespace. */
const literal = (
  host: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void => done(null, host, net.isIP(host));

const dialTcp = ({ host, port, localPort, timeoutMs = TIMEOUT_MS }: Dial, request = ''): Promise<string> =>
  new Promise((resolve) => {
    const from = localPort === undefined ? {} : { localPort };
    const socket = net.connect({ host, port, ...from, lookup: literal as never });
    let text = '';
    if (request) socket.write(request);
    socket.setTimeout(timeoutMs, () => {
      socket.destroy();
      resolve('error ETIMEDOUT');
    });
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(`error ${error.code}`));
    socket.on('close', () => resolve(text));
  });

const connections: net.Socket[] = [];

const connect = ({ host, port }: Dial): Promise<string> =>
  new Promise((resolve) => {
    const socket = net.connect({ host, port, lookup: literal as never });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(`error ${error.code}`));
    socket.once('connect', () => resolve(`${connections.push(socket) - 1}`));
  });

const say = (connection: number, line: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connections[connection]!;
    const timer = setTimeout(() => resolve('error ETIMEDOUT'), TIMEOUT_MS);
    socket.once('close', () => resolve('error ECLOSED'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(`error ${error.code}`));
    socket.once('data', (chunk) => {
      clearTimeout(timer);
      resolve(chunk.toString().trim());
    });
    socket.write(`${line}\n`);
  });

const dialUdp = ({
  host,
  port,
  localPort = 0,
  localAddress,
  sizeBytes = 5,
  timeoutMs = TIMEOUT_MS,
}: Dial): Promise<string> =>
  new Promise((resolve) => {
    const socket = dgram.createSocket({ type: net.isIP(host) === 6 ? 'udp6' : 'udp4', lookup: literal });
    const end = (answer: string): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end('error ETIMEDOUT'), timeoutMs);
    socket.on('message', (data) => end(data.toString().trim()));
    socket.on('error', (error: NodeJS.ErrnoException) => end(`error ${error.code}`));
    // connected, so that an ICMP error comes back as ECONNREFUSED
    socket.bind(localPort, localAddress, () =>
      socket.connect(port, host, () => socket.send('x'.repeat(sizeBytes))),
    );
  });

const handle = ({ method, args }: Request): Promise<string> => {
  const [to] = args as [Dial];
  const [name, transport] = args as [string, Transport];
  switch (method) {
    case 'dial':
      return to.transport === 'udp' ? dialUdp(to) : dialTcp(to);
    case 'ask':
      return dialTcp(to, args[1] as string);
    case 'connect':
      return connect(to);
    case 'say':
      return say(args[0] as number, args[1] as string);
    case 'serve-lines':
      return serveLines(name, args[1] as number);
    case 'serve':
      return transport === 'udp' ? serveUdp(name, args[2] as number) : serveTcp(name, args[2] as number);
  }
};

const run = (path: string, tell: (answer: Answer) => void): ((request: Request) => void) => {
  enterNetns(path);
  return (request) => void handle(request).then((answer) => tell({ id: request.id, answer }));
};

if (!isMainThread && typeof workerData === 'string')
  parentPort!.on(
    'message',
    run(workerData, (answer) => parentPort!.postMessage(answer)),
  );
if (isMainThread && process.send && process.argv[1] === import.meta.filename)
  process.on(
    'message',
    run(process.argv[2]!, (answer) => process.send!(answer)),
  );
