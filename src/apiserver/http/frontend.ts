// Between Node's server and the API: every request gets a user and an answer, and every failure a Status.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { authenticate } from '../auth/authenticate.ts';
import { demand } from '../auth/authorize.ts';
import type { ServiceAccountTokens } from '../auth/service-account-tokens.ts';
import type { User } from '../registry.ts';
import type { ApiHandler } from './api-handler.ts';
import type { Answer, ApiRequest, Outgoing } from './exchange.ts';
import { noSuchPath } from './http-errors.ts';
import { readBody } from './request-body.ts';
import { parseRequestPath } from './request-path.ts';
import { answerOfError, send } from './send.ts';
import type { Peer, ServerHandlers } from './server.ts';
import { type UpgradeOptions, serveUpgraded, upgradeVerb } from './upgrades.ts';
import { refuseUpgrade } from './tunnel.ts';

export type FrontendOptions = UpgradeOptions & {
  readonly handle: ApiHandler;
  readonly tokens: ServiceAccountTokens;
  readonly clock: Clock;
  readonly log: Log;
};

export const createFrontend = (options: FrontendOptions): ServerHandlers => ({
  request: (request, response, peer) => void serve(options, request, response, peer),
  upgrade: (request, socket, head, peer) => void serveUpgrade(options, { request, socket, head, peer }),
});

const serve = async (
  options: FrontendOptions,
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
  peer: Peer,
): Promise<void> => {
  const warnings: string[] = [];
  let isGone = false;
  (response as Outgoing).on('close', () => (isGone = true));
  const onClose = (listener: () => void): void => void (response as Outgoing).on('close', listener);
  const answer = await answerTo(options, request, peer, { warnings, onClose });
  const acceptEncoding = textOf(request.headers['accept-encoding']);
  try {
    await send(response as Outgoing, answer, { acceptEncoding, warnings, isGone: () => isGone });
  } catch (error) {
    options.log.debug({ err: error }, 'an answer could not be sent');
    (response as Outgoing).destroy();
  }
};

const answerTo = async (
  options: FrontendOptions,
  request: IncomingMessage | Http2ServerRequest,
  peer: Peer,
  { warnings, onClose }: { readonly warnings: string[]; readonly onClose: ApiRequest['onClose'] },
): Promise<Answer> => {
  try {
    const { path, query, search } = targetOf(request.url ?? '/');
    return await options.handle({
      method: request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET'),
      wireMethod: request.method ?? 'GET',
      path,
      query,
      search,
      headers: request.headers,
      user: await userOf(options, request, peer),
      body: () => readBody(request, options.clock),
      stream: request,
      onClose,
      warn: (text) => void (warnings.includes(text) || warnings.push(text)),
    });
  } catch (error) {
    return answerOfError(error, options.log);
  }
};

type UpgradeRequest = {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly peer: Peer;
};

const serveUpgrade = async (
  options: FrontendOptions,
  { request, socket, head, peer }: UpgradeRequest,
): Promise<void> => {
  try {
    const { path: text, query } = targetOf(request.url ?? '/');
    const path = parseRequestPath(text);
    if (path.kind !== 'resource' || path.name === undefined) throw noSuchPath();
    const user = await userOf(options, request, peer);
    demand(user, { ...path, verb: upgradeVerb(path, request, query) });
    await serveUpgraded(options, { path, query, request, socket, head });
  } catch (error) {
    refuseUpgrade(socket, answerOfError(error, options.log));
  }
};

const userOf = (
  { tokens }: FrontendOptions,
  { headers }: IncomingMessage | Http2ServerRequest,
  { certificate, isTrusted }: Peer,
): Promise<User> =>
  authenticate(
    { certificate, isCertificateTrusted: isTrusted, authorization: headers.authorization },
    tokens,
  );

type Target = { readonly path: string; readonly search: string; readonly query: URLSearchParams };

const targetOf = (url: string): Target => {
  const mark = url.indexOf('?');
  const [path, search] = mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark)];
  return { path, search, query: new URLSearchParams(search) };
};

const textOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(',') : header;
