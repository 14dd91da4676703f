// The TLS server: HTTP/2 and HTTP/1.1 on one port, and what keeps one client from harming the others.
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  createSecureServer,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import type { Log } from '../../lang/log.ts';

export type Endpoint = { readonly host: string; readonly port: number };

export type TlsFiles = { readonly ca: string; readonly certificate: string; readonly key: string };

/** Who is at the other end of a connection, as its TLS handshake told. */
export type Peer = {
  /** Undefined if the client sent none. */
  readonly certificate: PeerCertificate | undefined;
  /** Whether the cluster's authority signed it and it was valid then. */
  readonly isTrusted: boolean;
};

export type ServerHandlers = {
  readonly request: (
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
    peer: Peer,
  ) => void;
  /** HTTP/1.1 only: WebSocket and the like. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer, peer: Peer) => void;
};

export type ApiListener = {
  /** The port in use; another than the endpoint's where that was 0. */
  readonly port: number;
  readonly close: () => Promise<void>;
};

const HANDSHAKE_MS_MAX = 10_000;
const HEADERS_MS_MAX = 10_000;
/** HTTP/1.1: the whole request with its body. */
const REQUEST_MS_MAX = 60_000;
/** Of one address: a node agent needs one, kubectl a few. */
const CONNECTIONS_PER_ADDRESS_MAX = 500;
/** kube-apiserver's --http2-max-streams-per-connection. With the default window of 64 KiB, 16 MiB may wait to be read. */
const STREAMS_MAX = 250;
const SESSION_MEMORY_MB_MAX = 64;

export const startServer = async (
  endpoint: Endpoint,
  tls: TlsFiles,
  handlers: ServerHandlers,
  log: Log,
): Promise<ApiListener> => {
  const server = createSecureServer({
    allowHTTP1: true,
    ca: tls.ca,
    cert: tls.certificate,
    key: tls.key,
    requestCert: true,
    rejectUnauthorized: false, // who shows no certificate may have a token; who has neither is anonymous
    minVersion: 'TLSv1.2',
    handshakeTimeout: HANDSHAKE_MS_MAX,
    maxSessionMemory: SESSION_MEMORY_MB_MAX,
    settings: { maxConcurrentStreams: STREAMS_MAX },
  });
  Object.assign(server, { headersTimeout: HEADERS_MS_MAX, requestTimeout: REQUEST_MS_MAX });
  const connections = guardConnections(server, log);
  server.on('request', (request, response) => {
    request.on('error', () => {}); // the client went away; whoever reads or writes hears of it
    response.on('error', () => {});
    handlers.request(request, response, peerOf(socketOf(request)));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    handlers.upgrade(request, socket, head, peerOf(socket as TLSSocket));
  });
  await listen(server, endpoint);
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : endpoint.port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections) connection.destroy();
      await closed;
    },
  };
};

const socketOf = (request: IncomingMessage | Http2ServerRequest): TLSSocket =>
  ('stream' in request ? request.stream.session?.socket : request.socket) as TLSSocket;

// Reading a certificate takes longer than answering a small request, and a connection's never changes.
const peers = new WeakMap<TLSSocket, Peer>();

const peerOf = (socket: TLSSocket): Peer => {
  const known = peers.get(socket);
  if (known) return known;
  const certificate = socket.getPeerCertificate();
  const isSent = Object.keys(certificate).length > 0;
  const peer = { certificate: isSent ? certificate : undefined, isTrusted: socket.authorized };
  peers.set(socket, peer);
  return peer;
};

const listen = (server: Http2SecureServer, { host, port }: Endpoint): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: host.includes(':') }, () => {
      server.off('error', reject);
      server.on('error', () => {});
      resolve();
    });
  });

/** Swallows the errors of single connections, and refuses more of them than one client can need. */
const guardConnections = (server: Http2SecureServer, log: Log): ReadonlySet<Socket> => {
  const connections = new Set<Socket>();
  const byAddress = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = byAddress.get(address) ?? 0;
    if (count >= CONNECTIONS_PER_ADDRESS_MAX) {
      log.warn({ address, count }, 'refused a connection: too many from one address');
      return void socket.destroy();
    }
    connections.add(socket);
    byAddress.set(address, count + 1);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      connections.delete(socket);
      const left = byAddress.get(address)! - 1;
      if (left > 0) byAddress.set(address, left);
      else byAddress.delete(address);
    });
  });
  server.on('tlsClientError', (_error, socket: TLSSocket) => socket.destroy());
  server.on('sessionError', () => {});
  server.on('session', (session: ServerHttp2Session) => session.on('error', () => session.destroy()));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const line = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
    if (socket.writable) socket.end(`HTTP/1.1 ${line}\r\nConnection: close\r\n\r\n`);
    else socket.destroy();
  });
  return connections;
};
