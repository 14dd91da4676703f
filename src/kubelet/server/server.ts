// The kubelet's HTTPS server: logs, exec, attach. Callers show a client certificate of the cluster's CA.
import type { Server } from 'node:http';
import { createServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { KubeletServerOptions } from '../options.ts';
import { answer } from './answer.ts';
import type { ServerContext } from './answer.ts';
import { upgrade } from './upgrade.ts';

export type KubeletServer = {
  readonly whenListening: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Listens at once on the same port of every address. */
export const startKubeletServer = (options: KubeletServerOptions, context: ServerContext): KubeletServer => {
  const { addresses, port, ca, certificate: cert, key } = options;
  const sockets = new Set<Duplex>();
  const servers = addresses.map(() => newServer({ ca, cert, key }, context, sockets));
  const listening = Promise.all(servers.map((server, index) => listen(server, addresses[index]!, port)));
  listening.catch((error: unknown) => context.pods.log.error({ err: error }, 'kubelet server cannot listen'));
  return {
    whenListening: async () => void (await listening),
    stop: async () => {
      // All of them: the HTTP server closes neither streams, which were upgraded, nor callers that have not said hello.
      const closed = servers.map(close);
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
};

const newServer = (
  keys: { readonly ca: string; readonly cert: string; readonly key: string },
  context: ServerContext,
  sockets: Set<Duplex>,
): Server => {
  const server = createServer(
    { ...keys, requestCert: true, rejectUnauthorized: true },
    (request, response) => void answer(context, request, response),
  );
  server.on('upgrade', (request, socket, head) => void upgrade(context, request, socket, head));
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('connection', (socket: Duplex) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return server;
};

const listen = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  });

const close = (server: Server): Promise<void> => new Promise((resolve) => void server.close(() => resolve()));
