// The kubelet's HTTPS server: logs, exec, attach. Callers show a client certificate of the cluster's CA.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { WebSocketServer } from 'ws';
import type { StreamSession } from '../../runtime/runtime.ts';
import type { KubeletOptions, KubeletServerOptions } from '../options.ts';
import type { PodContext } from '../pod/context.ts';
import type { PodWorkers } from '../pod/pod-workers.ts';
import { isAllowed } from './authorize.ts';
import { chooseProtocol } from './channels.ts';
import { HttpProblem, findLogged, findPod, findRunning } from './container-lookup.ts';
import { logOptions } from './log-lines.ts';
import { readLog } from './log-stream.ts';
import { metricsText } from './metrics.ts';
import { isYes, routeOf } from './route.ts';
import type { Route } from './route.ts';
import { joinStreams } from './stream-socket.ts';

export type KubeletServer = {
  readonly whenListening: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

export type KubeletServerContext = Pick<KubeletOptions, 'log'> & {
  readonly server: KubeletServerOptions;
  readonly context: PodContext;
  readonly workers: PodWorkers;
};

type LogsRoute = Extract<Route, { kind: 'logs' | 'exec' | 'attach' }>;

export const startKubeletServer = (options: KubeletServerContext): KubeletServer => {
  const { addresses, port, ca, certificate, key } = options.server;
  const servers = addresses.map(() =>
    createServer(
      { ca, cert: certificate, key, requestCert: true, rejectUnauthorized: true },
      (request, response) => void answer(options, request, response),
    ),
  );
  const listening = Promise.all(
    servers.map((server, index) => listen(options, server, addresses[index]!, port)),
  );
  listening.catch((error: unknown) => options.log.error({ err: error }, 'kubelet server cannot listen'));
  return {
    whenListening: async () => void (await listening),
    stop: async () => void (await Promise.all(servers.map(close))),
  };
};

const listen = (options: KubeletServerContext, server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.on('upgrade', (request, socket, head) => void upgrade(options, request, socket, head));
    server.on('clientError', (_error, socket) => socket.destroy());
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  });

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** The route of a request by someone who may make it. Throws HttpProblem. */
const admit = (request: IncomingMessage): Route => {
  if (!isAllowed((request.socket as TLSSocket).getPeerCertificate().subject))
    throw new HttpProblem(403, 'Forbidden');
  const route = routeOf(request.url ?? '/');
  if (!route) throw new HttpProblem(404, '404 page not found');
  return route;
};

const answer = async (
  options: KubeletServerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  try {
    await answerRoute(options, admit(request), response);
  } catch (error) {
    if (response.headersSent) return void response.destroy();
    const { code, message } = problemOf(options, error);
    response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
  }
};

const problemOf = ({ log }: KubeletServerContext, error: unknown): HttpProblem => {
  if (error instanceof HttpProblem) return error;
  log.warn({ err: error }, 'kubelet request failed');
  return new HttpProblem(500, (error as Error).message);
};

const answerRoute = (
  options: KubeletServerContext,
  route: Route,
  response: ServerResponse,
): Promise<void> | void => {
  const { workers } = options;
  switch (route.kind) {
    case 'healthz':
      return void response.end('ok');
    case 'pods':
      response.setHeader('content-type', 'application/json');
      return void response.end(
        JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: workers.list() }),
      );
    case 'metrics':
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      return void response.end(metricsText(options.context.node.name, workers.list()));
    case 'logs':
      return sendLog(options, route, response);
    case 'exec':
    case 'attach':
      throw new HttpProblem(400, 'Upgrade request required');
  }
};

const sendLog = async (
  { context, workers }: KubeletServerContext,
  { of, query }: LogsRoute,
  response: ServerResponse,
): Promise<void> => {
  const { runtime, folders, clock } = context;
  const asked = queryOptions(query, clock.now());
  const record = findPod(workers, of);
  const { id, logPath } = findLogged(record, of, asked.previous);
  const path = join(folders.logs({ namespace: of.namespace, name: of.pod, uid: record.uid }), logPath);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const isRunning = async (): Promise<boolean> => (await runtime.containerStatus(id))?.state === 'running';
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  const log = readLog(path, asked, { isRunning, signal: gone.signal });
  await pipeline(Readable.from(log), response);
};

const queryOptions = (query: URLSearchParams, nowMs: number) => {
  try {
    return logOptions(query, nowMs);
  } catch (error) {
    throw new HttpProblem(400, (error as Error).message);
  }
};

// ws takes 2 MB: loaded at the first exec.
let socketServer: WebSocketServer | undefined;
const webSockets = async (): Promise<WebSocketServer> => {
  const { WebSocketServer: Sockets } = await import('ws');
  socketServer ??= new Sockets({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => chooseProtocol(offered) ?? false,
  });
  return socketServer;
};

const upgrade = async (
  options: KubeletServerContext,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> => {
  try {
    const stream = streamFor(options, admit(request), request);
    const sockets = await webSockets();
    sockets.handleUpgrade(
      request,
      socket,
      head,
      (webSocket) => void joinStreams(webSocket, stream.flags, stream.open),
    );
  } catch (error) {
    const { code, message } = problemOf(options, error);
    const headers = `Content-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(message)}\r\nConnection: close`;
    socket.end(`HTTP/1.1 ${code} Error\r\n${headers}\r\n\r\n${message}`);
  }
};

const streamFor = ({ context, workers }: KubeletServerContext, route: Route, request: IncomingMessage) => {
  if (route.kind !== 'exec' && route.kind !== 'attach') throw new HttpProblem(404, '404 page not found');
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!chooseProtocol(offered))
    throw new HttpProblem(400, 'no subprotocol in common: want v5.channel.k8s.io');
  const { query, of } = route;
  const { id } = findRunning(findPod(workers, of), of);
  const tty = isYes(query, 'tty');
  const flags = {
    stdin: isYes(query, 'input'),
    stdout: isYes(query, 'output'),
    stderr: isYes(query, 'error') && !tty,
  };
  const { runtime } = context;
  const open = (): Promise<StreamSession> =>
    route.kind === 'exec'
      ? runtime.exec(id, { command: query.getAll('command'), stdin: flags.stdin, tty })
      : runtime.attach(id, { stdin: flags.stdin, tty });
  return { flags, open };
};
