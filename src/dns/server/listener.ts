// Listens for queries on one address, by UDP and by TCP.
import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { familyOf } from '../../ip/address.ts';
import type { Log } from '../../lang/log.ts';
import type { Transport } from '../respond.ts';
import { FrameReader, framed } from './frames.ts';

export type Answerer = (
  query: Uint8Array,
  transport: Transport,
) => Uint8Array | undefined | Promise<Uint8Array>;

export type ListenerOptions = {
  readonly address: string;
  readonly port: number;
  readonly answer: Answerer;
  readonly log: Log;
};

export type Listener = { readonly close: () => void };

/** Bursts wait here while the thread does something else. */
const RECEIVE_BUFFER_BYTES = 1 << 20;
const CONNECTIONS_MAX = 256;
const IDLE_MS = 10_000;

/** Rejects when the address cannot be bound, with nothing left open. */
export const listen = async (options: ListenerOptions): Promise<Listener> => {
  const udp = await listenUdp(options);
  try {
    const tcp = await listenTcp(options);
    return {
      close: () => {
        udp.close();
        tcp.close();
      },
    };
  } catch (error) {
    udp.close();
    throw error;
  }
};

type Closable = { readonly close: () => void };

const listenUdp = ({ address, port, answer, log }: ListenerOptions): Promise<Closable> => {
  const socket = createSocket({
    type: familyOf(address) === 6 ? 'udp6' : 'udp4',
    recvBufferSize: RECEIVE_BUFFER_BYTES,
  });
  socket.on('message', (query, { address: to, port: toPort }) => {
    const reply = answer(query, 'udp');
    if (reply instanceof Uint8Array) socket.send(reply, toPort, to, noReceiver);
    else if (reply) void sendLater(socket, reply, { to, toPort });
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket
        .removeAllListeners('error')
        .on('error', (error) => log.warn({ err: error, address }, 'DNS socket failed'));
      resolve({ close: () => socket.close() });
    });
  });
};

/** A client that is gone is no failure of ours. */
const noReceiver = (): void => {};

const sendLater = async (
  socket: UdpSocket,
  reply: Promise<Uint8Array>,
  { to, toPort }: { readonly to: string; readonly toPort: number },
): Promise<void> => {
  const bytes = await reply;
  try {
    socket.send(bytes, toPort, to, noReceiver);
  } catch {
    // closed meanwhile
  }
};

const listenTcp = ({ address, port, answer }: ListenerOptions): Promise<Closable> => {
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    serveConnection(socket, answer);
  });
  server.maxConnections = CONNECTIONS_MAX;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, exclusive: true }, () =>
      resolve({ close: () => closeAll(server, connections) }),
    );
  });
};

const closeAll = (server: Server, connections: ReadonlySet<Socket>): void => {
  server.close();
  for (const socket of connections) socket.destroy();
};

/** Queries may come one upon the other; answers go as they are ready (RFC 7766 6.2.1.1). A client that does not read is not read. */
const serveConnection = (socket: Socket, answer: Answerer): void => {
  const reply = (bytes: Uint8Array): void => {
    if (!socket.destroyed && !socket.write(framed(bytes))) socket.pause();
  };
  const reader = new FrameReader((query) => {
    const answered = answer(query, 'tcp');
    if (answered instanceof Uint8Array) reply(answered);
    else if (answered) void answered.then(reply);
    else socket.destroy(); // no DNS
  });
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on('drain', () => socket.resume());
  socket.on('data', (chunk: Buffer) => reader.push(chunk));
  socket.on('error', () => socket.destroy());
};
