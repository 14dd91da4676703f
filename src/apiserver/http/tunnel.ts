// exec, attach and port-forward: once both sides have agreed to switch protocols, the API server only moves bytes.
// What is spoken inside (WebSocket) is between kubectl and the kubelet.
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import { type Duplex, pipeline } from 'node:stream';
import type { DocumentAnswer } from './exchange.ts';
import type { KubeletClient, Tunnel } from './kubelet-client.ts';
import type { KubeletLocation } from './kubelet-location.ts';
import { kubeletRefusal } from './kubelet-refusal.ts';

/** Connects the client's socket with the kubelet. Rejects with ApiError when the kubelet refuses; then nothing was written. */
export const openTunnel = async (
  kubelet: KubeletClient,
  location: KubeletLocation,
  request: IncomingMessage,
  client: Duplex,
  early: Buffer,
): Promise<void> => {
  const tunnel = await kubelet.upgrade(location, request.method ?? 'GET', upgradeHeaders(request));
  if (!tunnel.socket) throw await kubeletRefusal(tunnel.answer);
  join(client, early, tunnel, tunnel.socket);
};

/** Writes an answer on the bare socket of a request for an upgrade that is not going to happen. */
export const refuseUpgrade = (client: Duplex, answer: DocumentAnswer): void => {
  const body = Buffer.from(answer.body);
  client.end(
    Buffer.concat([
      Buffer.from(
        [
          `HTTP/1.1 ${answer.code} ${STATUS_CODES[answer.code]}`,
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
const upgradeHeaders = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => PASSED.test(name))
      .map(([name, value]) => [name, String(value)]),
  );

const join = (client: Duplex, early: Buffer, { answer, head }: Tunnel, kubelet: Duplex): void => {
  const headers: string[] = [];
  for (let at = 0; at < answer.rawHeaders.length; at += 2)
    headers.push(`${answer.rawHeaders[at]}: ${answer.rawHeaders[at + 1]}`);
  client.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('\r\n')}\r\n\r\n`);
  if (head.length > 0) client.write(head);
  if (early.length > 0) kubelet.write(early);
  // Either side's end, with or without an error, ends the other: there is nobody to tell.
  pipeline(client, kubelet, () => client.destroy());
  pipeline(kubelet, client, () => kubelet.destroy());
};
