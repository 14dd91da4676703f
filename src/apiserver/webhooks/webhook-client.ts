// Asks a webhook: POST of a JSON review to a URL, or to an endpoint of a Service, over TLS.
// Source: k8s.io/apiserver/pkg/util/webhook/client.go.
import { Agent, type RequestOptions, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostPort } from '../../ip/host-port.ts';
import type { ServiceReference } from './validate-client.ts';

/** As objects name it: a URL or a Service, and base64 of the certificates in PEM that it is trusted by. */
export type WebhookTarget = {
  readonly url?: string | undefined;
  readonly service?: ServiceReference | undefined;
  readonly caBundle?: string | undefined;
};

export type Endpoint = { readonly host: string; readonly port: number };

export type Bounds = { readonly timeoutMs: number; readonly answerBytesMax: number };

export type WebhookClient = {
  /** The JSON that is answered. Rejects with what went wrong, in Go's words. */
  readonly post: (target: WebhookTarget, body: object, bounds: Bounds) => Promise<unknown>;
};

/** `locate` finds an endpoint of a Service; it throws where there is none. */
export const createWebhookClient = (
  locate: (service: ServiceReference & { readonly port: number }) => Endpoint,
): WebhookClient => {
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS_MAX });
  return {
    post: async (target, body, bounds) => {
      const url = urlOf(target, bounds.timeoutMs);
      try {
        const { service, caBundle } = target;
        const endpoint = service && locate({ ...service, port: Number(url.port || 443) });
        const signal = AbortSignal.timeout(bounds.timeoutMs);
        const options = { ...requestOptions(url, endpoint, caBundle), agent, signal };
        const answer = await send(options, JSON.stringify(body), bounds.answerBytesMax);
        return parse(answer.code, answer.text);
      } catch (error) {
        const why = reasonOf(error as NodeJS.ErrnoException);
        throw new Error(`Post ${JSON.stringify(textOfUrl(url, target))}: ${why}`);
      }
    },
  };
};

/** A webhook is asked again and again, over one connection; one for each set of certificates that it is trusted by. */
const IDLE_MS_MAX = 30_000;

/** Services are called by the name that their certificates are for. */
const urlOf = ({ url, service }: WebhookTarget, timeoutMs: number): URL => {
  const { name = '', namespace = '', port = 443, path = '' } = service ?? {};
  const base = new URL(
    url ?? `https://${name}.${namespace}.svc:${port}${path && `/${path.replace(/^\//, '')}`}`,
  );
  base.searchParams.set('timeout', `${timeoutMs / 1000}s`);
  return base;
};

/** As Go prints it: a Service is called with its port, which URLs of JavaScript leave out. */
const textOfUrl = ({ href, host, port }: URL, { service }: WebhookTarget): string =>
  service && port === '' ? href.replace(host, `${host}:443`) : href;

type Sent = { readonly code: number; readonly text: string };

const requestOptions = (
  url: URL,
  endpoint: Endpoint | undefined,
  caBundle: string | undefined,
): RequestOptions => {
  const name = url.hostname.replace(/^\[|\]$/g, '');
  return {
    method: 'POST',
    host: endpoint?.host ?? name,
    port: endpoint?.port ?? (url.port || 443),
    path: `${url.pathname}${url.search}`,
    headers: { 'content-type': 'application/json', accept: 'application/json', host: url.host },
    ...(isIP(name) ? {} : { servername: name }),
    ...(caBundle && { ca: Buffer.from(caBundle, 'base64') }),
  };
};

const send = (options: RequestOptions, body: string, bytesMax: number): Promise<Sent> =>
  new Promise((resolve, reject) => {
    const request = httpsRequest(options, (answer) => {
      textOf(answer, bytesMax).then((text) => resolve({ code: answer.statusCode!, text }), reject);
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      // The webhook may have closed a connection in the moment in which it was taken up again.
      const isStale = request.reusedSocket && error.code === 'ECONNRESET';
      if (isStale) send(options, body, bytesMax).then(resolve, reject);
      else reject(error);
    });
    request.end(body);
  });

const textOf = async (answer: IncomingMessage, bytesMax: number): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Error(`the answer is larger than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const parse = (code: number, text: string): unknown => {
  if (code < 200 || code > 299) throw new Error(`the server answered with status ${code}`);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error("couldn't get version/kind; json parse error: the answer is not JSON");
  }
};

const DIAL: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
};

const UNKNOWN_AUTHORITY = 'certificate signed by unknown authority';
const UNTRUSTED: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: 'certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'certificate has expired or is not yet valid',
};

const reasonOf = (
  error: NodeJS.ErrnoException & { readonly address?: string; readonly port?: number },
): string => {
  const { code = '', name, message, address, port } = error;
  if (name === 'TimeoutError' || name === 'AbortError') return 'context deadline exceeded';
  if (DIAL[code]) return `dial tcp ${hostPort(address ?? '', port ?? '')}: ${DIAL[code]}`;
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${address ?? ''}: no such host`;
  if (UNTRUSTED[code]) return `tls: failed to verify certificate: x509: ${UNTRUSTED[code]}`;
  return message;
};
