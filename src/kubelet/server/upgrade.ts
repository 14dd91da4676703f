// Requests that become streams: exec and attach over WebSocket.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';
import { admit, problemOf } from './answer.ts';
import type { ServerContext } from './answer.ts';
import { HttpProblem, findPod, findRunning } from './container-lookup.ts';
import { isYes } from './route.ts';
import { chooseProtocol } from './streams/channels.ts';
import { runCommand } from './streams/run-command.ts';
import type { Command } from './streams/run-command.ts';
import { openWebSocketStreams } from './streams/web-socket-streams.ts';

export const upgrade = async (
  context: ServerContext,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> => {
  socket.on('error', () => {}); // a caller that goes away harms nobody
  try {
    const command = commandOf(context, request);
    const sockets = await webSockets();
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const streams = openWebSocketStreams(webSocket, command.flags);
      void streams.then((opened) => runCommand(opened, command, context.pods.clock));
    });
  } catch (error) {
    refuse(socket, problemOf(context, error));
  }
};

/** HTTP by hand: after an upgrade request there is no response object. */
const refuse = (socket: Duplex, { code, message }: HttpProblem): void => {
  const headers = [
    `HTTP/1.1 ${code} Refused`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(message)}`,
    'Connection: close',
  ];
  socket.end(`${headers.join('\r\n')}\r\n\r\n${message}`);
};

// ws is loaded at the first stream: most nodes of most clusters never have one.
let loaded: WebSocketServer | undefined;
const webSockets = async (): Promise<WebSocketServer> => {
  const { WebSocketServer: Sockets } = await import('ws');
  loaded ??= new Sockets({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => chooseProtocol(offered) ?? false,
  });
  return loaded;
};

/** Throws HttpProblem for what can be said before the upgrade. */
const commandOf = (context: ServerContext, request: IncomingMessage): Command => {
  const route = admit(request);
  if (route.kind !== 'exec' && route.kind !== 'attach') throw new HttpProblem(404, '404 page not found');
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!chooseProtocol(offered))
    throw new HttpProblem(400, 'no subprotocol in common: want v5.channel.k8s.io');
  const { query, of, kind } = route;
  const { id } = findRunning(findPod(context.workers, of), of);
  const tty = isYes(query, 'tty');
  const stdin = isYes(query, 'input');
  const { runtime } = context.pods;
  const open: Command['open'] = () =>
    kind === 'exec'
      ? runtime.exec(id, { command: query.getAll('command'), stdin, tty })
      : runtime.attach(id, { stdin, tty });
  const flags = { stdin, stdout: isYes(query, 'output'), stderr: isYes(query, 'error') && !tty, tty };
  return { flags, open };
};
