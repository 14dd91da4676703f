// An answer over WebSocket: logs, as consoles in browsers read them. Binary messages, or base64 in text messages.
// k8s.io/apimachinery/pkg/util/httpstream/wsstream/stream.go
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Answer, Outgoing } from './exchange.ts';

const BASE64 = 'base64.binary.k8s.io';
const PROTOCOLS = ['', 'binary.k8s.io', BASE64];

/** What a WebSocket may hold back before the writer is told to wait. */
const BUFFER_BYTES_MAX = 64 << 10;

/** The first of the client's protocols that is known; '' is none at all. Undefined: not a WebSocket, or no such protocol. */
export const answerProtocol = ({ headers }: IncomingMessage): string | undefined => {
  if (headers.upgrade?.toLowerCase() !== 'websocket') return undefined;
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return offered.find((name) => PROTOCOLS.includes(name));
};

/** ws is loaded at the first answer that is read so. */
export const answerByWebSocket = async (
  answer: Answer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> => {
  const protocol = answerProtocol(request) ?? '';
  const { WebSocketServer } = await import('ws');
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: 1024, // the client has nothing to say
    handleProtocols: () => protocol || false,
  });
  server.handleUpgrade(request, socket, head, (webSocket) => {
    const to = outgoing(webSocket, protocol === BASE64);
    if (answer.kind === 'stream') answer.start(to);
    else to.end(answer.kind === 'document' ? answer.body : [...answer.chunks].join(''));
  });
};

const outgoing = (webSocket: WebSocket, isBase64: boolean): Outgoing => {
  const drained: (() => void)[] = [];
  const write = (chunk: Uint8Array | string): boolean => {
    const bytes = Buffer.from(chunk as string);
    webSocket.send(isBase64 ? bytes.toString('base64') : bytes, () => {
      if (webSocket.bufferedAmount === 0) for (const listener of drained) listener();
    });
    return webSocket.bufferedAmount < BUFFER_BYTES_MAX;
  };
  webSocket.on('error', () => {}); // the close that follows is what counts
  return {
    get writableLength() {
      return webSocket.bufferedAmount;
    },
    writeHead: () => {},
    flushHeaders: () => {},
    write,
    end: (chunk) => {
      if (chunk?.length) write(chunk);
      webSocket.close(1000);
    },
    destroy: () => webSocket.terminate(),
    on: (event, listener) => {
      if (event === 'drain') drained.push(listener);
      else webSocket.on('close', listener);
    },
  };
};
