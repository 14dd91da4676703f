// One GET of a probe or hook: certificates are not checked, redirects not followed, a literal address as host.
import { request as httpRequest } from 'node:http';
import type { RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { hostPort } from '../../ip/host-port.ts';
import type { HTTPGetAction } from '../../k8s/generated/types.ts';
import { KUBERNETES_VERSION } from '../../k8s/version.ts';
import { connectProblem } from './tcp-connect.ts';

export type HttpTarget = { readonly host: string; readonly port: number; readonly timeoutMs: number };
export type HttpAnswer = { readonly statusCode: number; readonly body: string };

/** kubelet reads no more of an answer (pkg/probe/http). */
const MAX_BODY_BYTES = 10 * 1024;
const USER_AGENT = `kube-probe/${/\d+\.\d+/.exec(KUBERNETES_VERSION)![0]}`;

/** Throws with Go's words: `Get "http://10.244.0.7:80/": dial tcp 10.244.0.7:80: connect: connection refused`. */
export const httpGet = async (action: HTTPGetAction, target: HttpTarget): Promise<HttpAnswer> => {
  const scheme = (action.scheme ?? 'HTTP').toLowerCase();
  const host = action.host ?? target.host;
  const path = (action.path ?? '/').replace(/^(?!\/)/, '/');
  const address = hostPort(host, target.port);
  const url = `${scheme}://${address}${path}`;
  if (!isIP(host)) throw new Error(`Get "${url}": ${host} is not an IP address`);
  const request = scheme === 'https' ? (await import('node:https')).request : httpRequest;
  const options = { host, port: target.port, path, headers: headersOf(action, address) };
  try {
    return await send(request, options, target.timeoutMs);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code ? `dial tcp ${address}: ${connectProblem(error as NodeJS.ErrnoException)}` : message;
    throw new Error(`Get "${url}": ${reason}`, { cause: error });
  }
};

/** The action's own headers win, `Host` too; an empty User-Agent or Accept takes the default away. */
const headersOf = ({ httpHeaders = [] }: HTTPGetAction, address: string): Record<string, string> => {
  const headers = new Map([
    ['host', address],
    ['user-agent', USER_AGENT],
    ['accept', '*/*'],
    ['connection', 'close'],
  ]);
  for (const { name, value } of httpHeaders) {
    if (value === '') headers.delete(name.toLowerCase());
    else headers.set(name.toLowerCase(), value);
  }
  return Object.fromEntries(headers);
};

const send = (request: typeof httpRequest, options: RequestOptions, timeoutMs: number): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const outgoing = request(
      { ...options, agent: false, signal, rejectUnauthorized: false } as RequestOptions,
      (answer) => {
        let body = '';
        answer.setEncoding('utf8');
        answer.on('data', (text: string) => {
          body += text;
          if (body.length > MAX_BODY_BYTES) answer.destroy();
        });
        answer.once('close', () =>
          resolve({ statusCode: answer.statusCode ?? 0, body: body.slice(0, MAX_BODY_BYTES) }),
        );
        answer.on('error', () => {}); // a body that breaks off does not change the status
      },
    );
    // A 101 that nobody asked for. Without this listener there would be neither an answer nor an error.
    outgoing.once('upgrade', ({ statusCode = 0 }, socket) => {
      socket.destroy();
      resolve({ statusCode, body: '' });
    });
    outgoing.once('error', (error) => reject(signal.aborted ? new Error(DEADLINE) : error));
    outgoing.end();
  });

const DEADLINE = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
