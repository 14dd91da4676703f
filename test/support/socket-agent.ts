// A process in a network namespace and a cgroup, whose sockets show what a program sees of its peers.
import { type ChildProcess, fork } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { enterNetns } from '../../src/kernel/netns.ts';

type Peer = { readonly host: string; readonly port: number };

export type SocketAgent = {
  /** `ADDRESS PORT` of a TCP connection's peer, as getpeername() has it. */
  readonly tcpPeer: (to: Peer) => Promise<string>;
  /** A UDP socket, with this peer if there is one; its number. */
  readonly openUdp: (family: 4 | 6, peer?: Peer) => Promise<number>;
  /** `ADDRESS PORT` of a UDP socket's peer, as getpeername() has it. */
  readonly udpPeer: (socket: number) => Promise<string>;
  /** Sends a datagram, to `to` where the socket has no peer: `ANSWER from ADDRESS PORT`, or `error CODE`. */
  readonly send: (socket: number, to?: Peer) => Promise<string>;
  readonly close: () => Promise<void>;
};

type Request = { readonly id: number; readonly method: string; readonly args: readonly unknown[] };
type Answer = { readonly id: number; readonly value: unknown };

/** `cgroup` is a folder. */
export const startSocketAgent = (netns: string, cgroup: string): SocketAgent => {
  const child: ChildProcess = fork(import.meta.filename, [netns]);
  writeFileSync(`${cgroup}/cgroup.procs`, String(child.pid));
  const waiting = new Map<number, (value: unknown) => void>();
  child.on('message', ({ id, value }: Answer) => waiting.get(id)!(value));
  let next = 0;
  const call =
    (method: string) =>
    <T>(...args: readonly unknown[]): Promise<T> =>
      new Promise((resolve) => {
        waiting.set(next, resolve as (value: unknown) => void);
        child.send({ id: next++, method, args } satisfies Request);
      });
  return {
    tcpPeer: call('tcpPeer'),
    openUdp: call('openUdp'),
    udpPeer: call('udpPeer'),
    send: call('send'),
    close: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
};

const TIMEOUT_MS = 400;

const literal = (
  host: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void => done(null, host, net.isIP(host));

const sockets: dgram.Socket[] = [];
const failures = new Map<dgram.Socket, string>();

const methods: Readonly<Record<string, (...args: never[]) => unknown>> = {
  tcpPeer: async (to: Peer) => {
    const socket = net.connect({ ...to, lookup: literal as never });
    await once(socket, 'connect');
    const peer = `${socket.remoteAddress} ${socket.remotePort}`;
    socket.destroy();
    return peer;
  },
  openUdp: async (family: 4 | 6, peer?: Peer) => {
    const socket = dgram.createSocket({ type: `udp${family}`, lookup: literal });
    socket.on('error', (error: NodeJS.ErrnoException) => failures.set(socket, `error ${error.code}`));
    await new Promise<void>((resolve) => socket.bind(resolve));
    if (peer) await new Promise<void>((resolve) => socket.connect(peer.port, peer.host, resolve));
    return sockets.push(socket) - 1;
  },
  udpPeer: (index: number) => {
    const { address, port } = sockets[index]!.remoteAddress();
    return `${address} ${port}`;
  },
  send: (index: number, to?: Peer) =>
    new Promise((resolve) => {
      const socket = sockets[index]!;
      const end = (answer: string): void => {
        clearTimeout(timer);
        socket.removeAllListeners('message');
        resolve(answer);
      };
      const timer = setTimeout(() => end(failures.get(socket) ?? 'error ETIMEDOUT'), TIMEOUT_MS);
      socket.on('message', (data, peer) => end(`${data.toString()} from ${peer.address} ${peer.port}`));
      if (to) socket.send('hello', to.port, to.host);
      else socket.send('hello');
    }),
};

if (process.argv[1] === import.meta.filename) {
  enterNetns(process.argv[2]!);
  process.on('message', async ({ id, method, args }: Request) => {
    const value = await methods[method]!(...(args as never[]));
    process.send!({ id, value } satisfies Answer);
  });
}
