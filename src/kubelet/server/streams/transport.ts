// Accepts the upgrade of a request to WebSocket or SPDY/3.1.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { SpdyConnection } from './spdy-connection.ts';
import type { SpdyStream } from './spdy-connection.ts';

/** An upgrade request as Node gives it: `head` came right behind it. */
export type UpgradeRequest = {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
};

const MESSAGE_BYTES_MAX = 32 << 20;

/** ws is loaded at the first stream: most nodes of most clusters never have one. */
export const acceptWebSocket = async (
  { request, socket, head }: UpgradeRequest,
  protocol: string,
): Promise<WebSocket> => {
  const { WebSocketServer } = await import('ws');
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MESSAGE_BYTES_MAX,
    handleProtocols: () => protocol,
  });
  request.headers['sec-websocket-protocol'] = 'chosen'; // ws refuses the slash of SPDY/3.1+portforward.k8s.io
  return new Promise((resolve) => server.handleUpgrade(request, socket, head, resolve));
};

export const acceptSpdy = (
  { socket, head }: UpgradeRequest,
  protocol: string,
  onStream: (stream: SpdyStream) => void,
): SpdyConnection => {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: SPDY/3.1',
    `X-Stream-Protocol-Version: ${protocol}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (head.length > 0) socket.unshift(head);
  return new SpdyConnection(socket, onStream);
};

/** SPDY's bytes as binary messages, cut anyhow. */
export const acceptSpdyInWebSocket = async (
  upgrade: UpgradeRequest,
  protocol: string,
  onStream: (stream: SpdyStream) => void,
): Promise<SpdyConnection> => {
  const [webSocket, { createWebSocketStream }] = await Promise.all([
    acceptWebSocket(upgrade, protocol),
    import('ws'),
  ]);
  return new SpdyConnection(createWebSocketStream(webSocket), onStream);
};
