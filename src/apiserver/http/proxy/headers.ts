// Which headers the proxy passes on, both ways. Pure.
import type { IncomingHttpHeaders } from 'node:http';
import { rewriteUrl } from './links.ts';
import type { Page } from './links.ts';

/** RFC 9110 7.6.1: they speak of one connection only. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** For the API server itself: HTTP/2's own, who asks, and as whom. */
const OWN = /^(:|authorization$|impersonate-)/;

type Headers = Record<string, string | readonly string[]>;

/** Credentials stay here. `path`: the request's own. */
export const requestHeaders = (headers: IncomingHttpHeaders, path: string): Headers => {
  const named = (headers.connection ?? '').toLowerCase().split(/\s*,\s*/);
  const passed = Object.entries(headers).filter(
    ([name]) => !HOP_BY_HOP.has(name) && !OWN.test(name) && !named.includes(name),
  );
  const rest = Object.fromEntries(passed) as Headers;
  const host = headers.host ?? headers[':authority'];
  return { ...rest, ...(host ? { host: String(host) } : {}), 'x-forwarded-uri': path };
};

/** Of a request that wants to leave HTTP. */
export const upgradeHeaders = (headers: IncomingHttpHeaders, path: string): Headers => ({
  ...requestHeaders(headers, path),
  connection: 'Upgrade',
  upgrade: headers.upgrade ?? '',
});

/** Redirects of the target to itself lead through the proxy again. */
export const answerHeaders = (rawHeaders: readonly string[], page: Page): Record<string, string[]> => {
  const headers: Record<string, string[]> = {};
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase();
    const value = rawHeaders[at + 1]!;
    if (HOP_BY_HOP.has(name)) continue;
    (headers[name] ??= []).push(name === 'location' ? rewriteUrl(value, page) : value);
  }
  return headers;
};
