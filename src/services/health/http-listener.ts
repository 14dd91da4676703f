// A small HTTP server on several addresses of the node, for those who ask how it is.
import type { Server } from 'node:http';

export type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
};

export type HttpListener = { readonly close: () => Promise<void> };

/** A client that does not finish its request is let go. */
const REQUEST_TIMEOUT_MS = 5000;

/**
 * Listens on one port of all these addresses, or of none: rejects if one of them is taken. `answer` gives undefined for a
 * path that is not there. Loads node:http at the first use: most nodes never need it.
 */
export const listenHttp = async (
  addresses: readonly string[],
  port: number,
  answer: (path: string) => Answer | undefined,
): Promise<HttpListener> => {
  const { createServer } = await import('node:http');
  const servers = addresses.map(() =>
    createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
      const { status, headers = {}, body } = answer(request.url ?? '/') ?? { status: 404, body: {} };
      response.writeHead(status, {
        'Content-Type': 'application/json',
        'X-Content-Type-Options': 'nosniff',
        ...headers,
      });
      response.end(JSON.stringify(body));
    }),
  );
  const close = async (): Promise<void> => void (await Promise.all(servers.map(closeServer)));
  const outcomes = await Promise.allSettled(
    servers.map((server, index) => open(server, addresses[index]!, port)),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (!failed) return { close };
  await close();
  throw failed.reason;
};

const open = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, resolve);
    server.unref();
  });

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  });
