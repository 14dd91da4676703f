// A small HTTP server for pages of text, where a component of Kubernetes has a port of its own for them.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../lang/log.ts';
import { PAGE_TYPE } from './page.ts';

export type PageServerOptions = {
  readonly host: string;
  readonly port: number;
  /** By path; `/metrics` is given in Prometheus' type. */
  readonly pages: Readonly<Record<string, () => string | Promise<string>>>;
  readonly log: Log;
};

export type PageServer = {
  /** Where it listens; rejects if the port is taken. */
  readonly whenListening: () => Promise<{ readonly port: number }>;
  readonly stop: () => Promise<void>;
};

/** Listens at once. A port that is taken is logged: nothing depends on it. */
export const startPageServer = ({ host, port, pages, log }: PageServerOptions): PageServer => {
  const server = createServer((request, response) => void answer(pages, request, response, log));
  const listening = new Promise<{ readonly port: number }>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => resolve(server.address() as { readonly port: number }));
  });
  listening.catch((error: unknown) => log.warn({ host, port, err: error }, 'no metrics on this port'));
  return {
    whenListening: () => listening,
    stop: async () => {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
};

const answer = async (
  pages: PageServerOptions['pages'],
  request: IncomingMessage,
  response: ServerResponse,
  log: Log,
): Promise<void> => {
  const [path = ''] = (request.url ?? '').split('?');
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (!page) return void response.writeHead(404, TEXT).end('404 page not found\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405, TEXT).end();
  try {
    const text = await page();
    response.writeHead(200, path === '/metrics' ? { 'content-type': PAGE_TYPE } : TEXT).end(text);
  } catch (error) {
    log.warn({ path, err: error }, 'page not served');
    response.writeHead(500, TEXT).end();
  }
};

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };
