// Listens for queries on one address, by UDP and by TCP.
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { DatagramBatch, DatagramHandler } from '../../kernel/datagram-batch.ts';
import { startDatagramServer } from '../../kernel/datagram-server.ts';
import { addressIn } from '../../kernel/socket-address.ts';
import type { Log } from '../../lang/log.ts';
import type { Transport } from '../respond.ts';
import { FrameReader, framed } from './frames.ts';

export type Answerer = (
  query: Uint8Array,
  transport: Transport,
  /** The asker's address. */
  client: string,
) => Uint8Array | undefined | Promise<Uint8Array>;

export type ListenerOptions = {
  readonly address: string;
  readonly port: number;
  readonly answer: Answerer;
  /** Before `answer`, for what is known as bytes. */
  readonly answerAtOnce?: (isV6: boolean) => DatagramHandler;
  readonly batch: DatagramBatch;
  /** How long a connection may say nothing. */
  readonly idleMs?: number;
  readonly log: Log;
};

export type Listener = { readonly close: () => void };

/** Bursts wait here while the thread does something else. */
const RECEIVE_BUFFER_BYTES = 4 << 20;
const CONNECTIONS_MAX = 256;
const IDLE_MS = 10_000;

/** Rejects when the address cannot be bound, with nothing left open. */
export const listen = async (options: ListenerOptions): Promise<Listener> => {
  const { address, log } = options;
  const failed = (error: unknown): void => log.error({ err: error, address }, 'DNS query or socket failed');
  const udp = await listenUdp(options, failed);
  try {
    const tcp = await listenTcp(options, failed);
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

/** Hears of what must not end the thread: a query that cannot be answered is left, all others are answered. */
type Failed = (error: unknown) => void;

const listenUdp = async (
  { address, port, answer, answerAtOnce, batch }: ListenerOptions,
  failed: Failed,
): Promise<Closable> => {
  const atOnce = answerAtOnce?.(address.includes(':'));
  const server = await startDatagramServer({
    address,
    port,
    receiveBufferBytes: RECEIVE_BUFFER_BYTES,
    batch,
    handle: (query, length, reply) => {
      try {
        const bytes = atOnce?.(query, length, reply) ?? 0;
        return bytes > 0 ? bytes : answerOrLater(Buffer.from(query.subarray(0, length)), reply);
      } catch (error) {
        failed(error);
        return 0;
      }
    },
    onError: failed,
  });
  const answerOrLater = (query: Buffer, reply: Buffer): number => {
    const sender = batch.sender();
    const answered = answer(query, 'udp', addressIn(sender));
    if (answered instanceof Promise) {
      answered.then((bytes) => server.send(bytes, sender)).catch(failed);
      return 0;
    }
    if (answered) reply.set(answered);
    return answered?.length ?? 0;
  };
  return server;
};

const listenTcp = (
  { address, port, answer, idleMs = IDLE_MS }: ListenerOptions,
  failed: Failed,
): Promise<Closable> => {
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    socket.setTimeout(idleMs, () => socket.destroy());
    serveConnection(socket, answer, failed);
  });
  server.maxConnections = CONNECTIONS_MAX;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, exclusive: true }, () => {
      server.off('error', reject).on('error', failed); // of accept(2), when descriptors are short
      resolve({ close: () => closeAll(server, connections) });
    });
  });
};

const closeAll = (server: Server, connections: ReadonlySet<Socket>): void => {
  server.close();
  for (const socket of connections) socket.destroy();
};

/** Queries may come one upon the other; answers go as they are ready (RFC 7766 6.2.1.1). A client that does not read is not read. */
const serveConnection = (socket: Socket, answer: Answerer, failed: Failed): void => {
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      giveUp(error);
    }
  };
  const giveUp = (error: unknown): void => {
    failed(error);
    socket.destroy();
  };
  const reply = (bytes: Uint8Array): void => {
    if (socket.destroyed || socket.write(framed(bytes))) return;
    socket.pause();
    reader.hold();
  };
  const client = socket.remoteAddress ?? '';
  const reader = new FrameReader((query) => {
    const answered = answer(query, 'tcp', client);
    if (answered instanceof Uint8Array) reply(answered);
    else if (answered) answered.then(reply).catch(giveUp);
    else socket.destroy(); // no DNS
  });
  socket.on('drain', () => {
    socket.resume();
    attempt(() => reader.release());
  });
  socket.on('data', (chunk: Buffer) => attempt(() => reader.push(chunk)));
  socket.on('error', () => socket.destroy());
};
