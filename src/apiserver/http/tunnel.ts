// exec, attach and port-forward: once both sides have agreed to switch protocols, the API server only moves bytes.
// What is spoken inside (WebSocket) is between kubectl and the kubelet.
import type { IncomingMessage } from 'node:http';
import { type Duplex, pipeline } from 'node:stream';
import { nodeHttp } from '../../lang/node-http.ts';
import type { DocumentAnswer } from './exchange.ts';
import type { Tunnel } from './upstream.ts';

/** Writes an answer on the bare socket of a request for an upgrade that is not going to happen. */
export const refuseUpgrade = (client: Duplex, answer: DocumentAnswer): void => {
  const body = Buffer.from(answer.body);
  client.end(
    Buffer.concat([
      Buffer.from(
        [
          `HTTP/1.1 ${answer.code} ${nodeHttp().STATUS_CODES[answer.code]}`,
          `Content-Type: ${answer.contentType}`,
          `Content-Length: ${body.length}`,
          'Connection: close',
          '\r\n',
        ].join('\r\n'),
      ),
      body,
    ]),
  );
};

const PASSED = /^(connection|upgrade|sec-websocket-.*|x-stream-protocol-version)$/;

/** Credentials stay here: the kubelet trusts the API server, not its callers. */
export const streamHeaders = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => PASSED.test(name))
      .map(([name, value]) => [name, String(value)]),
  );

/** Connects the client's socket with the other side, or passes its refusal on. `early` came behind the request. */
export const join = ({ answer, socket, head }: Tunnel, client: Duplex, early: Buffer): void => {
  client.write(headOf(answer));
  if (!socket) return void pipeline(answer, client, () => client.destroy());
  if (head.length > 0) client.write(head);
  if (early.length > 0) socket.write(early);
  // Either side's end, with or without an error, ends the other: there is nobody to tell.
  pipeline(client, socket, () => client.destroy());
  pipeline(socket, client, () => socket.destroy());
};

/** The body of a refusal comes without its chunks' lengths, and ends with the connection. */
const headOf = ({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string => {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (!/^transfer-encoding$/i.test(rawHeaders[at]!)) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
};
