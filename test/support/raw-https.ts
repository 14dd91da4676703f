// HTTP requests as they are, for tests of the server's own behaviour.
import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeaders, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { KeyPair } from '../../src/pki/authority.ts';

export type RawRequest = {
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
  /** The client's certificate; none: anonymous. */
  readonly identity?: KeyPair | undefined;
};

export type RawAnswer = {
  readonly code: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
};

/** HTTP/1.1 over TLS to loopback; the server's certificate is not the question here. */
export const openRaw = (options: RawRequest): ReturnType<typeof httpRequest> => {
  const { port, path, method = 'GET', headers = {}, body, identity } = options;
  const request = httpsRequest({
    host: '127.0.0.1',
    port,
    path,
    method,
    headers,
    agent: false,
    rejectUnauthorized: false,
    ...(identity ? { cert: identity.certificate, key: identity.key } : {}),
  });
  request.end(body);
  return request;
};

export const raw = async (options: RawRequest): Promise<RawAnswer> => {
  const [answer] = (await once(openRaw(options), 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  return { code: answer.statusCode!, headers: answer.headers, body: Buffer.concat(chunks) };
};

/** Resolves with the socket after a 101, or with the refusal. */
export const upgrade = (
  options: RawRequest,
): Promise<{ readonly socket: Duplex; readonly head: Buffer } | RawAnswer> =>
  new Promise((resolve, reject) => {
    const request = openRaw({ ...options, headers: { connection: 'Upgrade', ...options.headers } });
    request.once('error', reject);
    request.once('upgrade', (_answer, socket, head) => resolve({ socket, head }));
    request.once('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('end', () =>
        resolve({ code: answer.statusCode!, headers: answer.headers, body: Buffer.concat(chunks) }),
      );
    });
  });
