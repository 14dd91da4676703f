// A node agent's HTTPS API as the API server sees it: logs, and exec over WebSocket (v5.channel.k8s.io).
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Authority } from '../../src/pki/authority.ts';

export type FakeKubelet = {
  readonly port: number;
  /** What was asked: `GET /path?query` and the client's common name. */
  readonly asked: readonly string[];
  /** How many logs are being followed. */
  readonly following: () => number;
  readonly close: () => Promise<void>;
};

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, close: 255 } as const;

/**
 * Logs: two lines at once, and with `follow` one more each 50 ms, for ever. The container `waiting` is refused as a
 * kubelet refuses one that has not started, `silent` never answers. Exec: writes its query to stdout, then stdin back until it ends, and exits
 * with the code that is its first word.
 */
export const startFakeKubelet = async (authority: Authority): Promise<FakeKubelet> => {
  const own = await authority.issue({
    commonName: 'system:node:node-1',
    ipAddresses: ['127.0.0.1'],
    usage: 'both',
  });
  const asked: string[] = [];
  let following = 0;
  const note = (request: IncomingMessage): void => {
    const { CN } = (request.socket as TLSSocket).getPeerCertificate().subject;
    asked.push(`${request.method} ${request.url} by ${String(CN)}`);
  };
  const server = createServer(
    {
      ca: authority.certificate,
      cert: own.certificate,
      key: own.key,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      note(request);
      const url = new URL(request.url ?? '/', 'https://kubelet');
      if (url.pathname.endsWith('/waiting')) {
        response
          .writeHead(400)
          .end('container "waiting" in pod "web" is waiting to start: ContainerCreating');
        return;
      }
      if (url.pathname.endsWith('/silent')) {
        following++;
        response.on('close', () => following--);
        return;
      }
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('one\ntwo\n');
      if (url.searchParams.get('follow') !== 'true') return void response.end();
      const timer = setInterval(() => response.write('more\n'), 50);
      following++;
      response.on('close', () => {
        clearInterval(timer);
        following--;
      });
    },
  );
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'v5.channel.k8s.io' });
  server.on('upgrade', (request, socket, head) => {
    note(request);
    if (request.headers.upgrade !== 'websocket')
      return void socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 12\r\n\r\nno websocket');
    sockets.handleUpgrade(request, socket, head, (webSocket) => run(webSocket, request.url ?? ''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    following: () => following,
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const run = (socket: WebSocket, url: string): void => {
  const query = new URL(url, 'https://kubelet').searchParams;
  const send = (channel: number, text: string): void =>
    socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(text)]));
  const finish = (): void => {
    const code = query.getAll('command')[0] ?? '0';
    send(CHANNEL.error, JSON.stringify(exitStatus(code)));
    socket.close(1000);
  };
  send(CHANNEL.stdout, `${query.getAll('command').join(' ')}\n`);
  send(CHANNEL.stderr, 'complaint\n');
  if (!query.has('input')) return finish();
  socket.on('message', (data: Buffer) => {
    if (data[0] === CHANNEL.stdin) send(CHANNEL.stdout, data.subarray(1).toString());
    else if (data[0] === CHANNEL.close) finish();
  });
};

const exitStatus = (code: string): object =>
  code === '0'
    ? { metadata: {}, status: 'Success' }
    : {
        metadata: {},
        status: 'Failure',
        reason: 'NonZeroExitCode',
        message: `command terminated with non-zero exit code: exit status ${code}`,
        details: { causes: [{ reason: 'ExitCode', message: code }] },
      };
