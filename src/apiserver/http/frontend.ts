// Between Node's server and the API: every request gets a user and an answer, and every failure a Status.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { authenticate } from '../auth/authenticate.ts';
import { demand } from '../auth/authorize.ts';
import { impersonated } from '../auth/impersonate.ts';
import type { ServiceAccountTokens } from '../auth/service-account-tokens.ts';
import type { Registry, User } from '../registry.ts';
import type { ApiHandler } from './api-handler.ts';
import { type Trail, startTrail } from './audit-trail.ts';
import { admitConnection } from './connection.ts';
import type { Answer, ApiRequest, Outgoing } from './exchange.ts';
import { noSuchPath } from './http-errors.ts';
import { readBody } from './request-body.ts';
import { proxyTail } from './proxy/proxy.ts';
import { parseRequestPath } from './request-path.ts';
import { answerOfError, send } from './send.ts';
import type { Peer, ServerHandlers } from './server.ts';
import { type UpgradeOptions, serveUpgraded, upgradeVerb } from './upgrades.ts';
import { refuseUpgrade } from './tunnel.ts';

export type FrontendOptions = UpgradeOptions & {
  readonly handle: ApiHandler;
  readonly registry: Registry;
  readonly audit: AuditLog | undefined;
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
  const warnings = new Set<string>();
  let isGone = false;
  (response as Outgoing).on('close', () => (isGone = true));
  const trail = startTrail(options.audit, request, options.clock);
  if (trail.id !== undefined) response.setHeader('audit-id', trail.id);
  const onClose = (listener: () => void): void => void (response as Outgoing).on('close', listener);
  const handled = await answerTo(options, request, { peer, warnings, onClose, trail });
  const answer = await settled(options, request, handled);
  const acceptEncoding = textOf(request.headers['accept-encoding']);
  try {
    await send(response as Outgoing, answer, {
      isHead: request.method === 'HEAD',
      acceptEncoding,
      warnings: [...warnings],
      isGone: () => isGone,
    });
  } catch (error) {
    options.log.debug({ err: error }, 'an answer could not be sent');
    (response as Outgoing).destroy();
  }
  const onEnd = (end: () => void): void => (isGone ? end() : onClose(end));
  trail.answered(answer, response.statusCode, onEnd);
};

/** Nobody hears of what could be lost again, not even who reads; when the disk has failed, reading goes on all the same. */
const settled = async (
  { registry, log }: FrontendOptions,
  { method, headers }: IncomingMessage | Http2ServerRequest,
  answer: Answer,
): Promise<Answer> => {
  const settling = registry.settled();
  if (!settling) return answer;
  try {
    await settling;
    return answer;
  } catch (error) {
    return method === 'GET' || method === 'HEAD' ? answer : answerOfError(error, log, headers.accept);
  }
};

type Exchange = {
  readonly peer: Peer;
  readonly warnings: Set<string>;
  readonly onClose: ApiRequest['onClose'];
  readonly trail: Trail;
};

const answerTo = async (
  options: FrontendOptions,
  request: IncomingMessage | Http2ServerRequest,
  { peer, warnings, onClose, trail }: Exchange,
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
      user: await userOf(options, request, peer, trail),
      body: () => readBody(request, options.clock),
      stream: request,
      onClose,
      warn: (text) => void warnings.add(text),
      annotate: trail.annotate,
      allowed: trail.allowed,
    });
  } catch (error) {
    return answerOfError(error, options.log, request.headers.accept);
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
  const trail = startTrail(options.audit, request, options.clock);
  try {
    const { path: text, query } = targetOf(request.url ?? '/');
    const path = parseRequestPath(text);
    if (path.kind !== 'resource' || path.name === undefined) throw noSuchPath();
    const user = await userOf(options, request, peer, trail);
    trail.allowed(
      demand(options.registry.access, user, { ...path, verb: upgradeVerb(path, request, query) }),
    );
    const asked = { query, tail: proxyTail(text) };
    const context = { user, warn: () => {}, annotate: trail.annotate };
    const connection = await admitConnection(options.registry, path, asked, context);
    await serveUpgraded(options, { path, connection, request, socket, head });
    trail.upgraded((end) => socket.once('close', end));
  } catch (error) {
    const answer = answerOfError(error, options.log, request.headers.accept);
    trail.answered(answer, answer.code, () => {});
    refuseUpgrade(socket, answer);
  }
};

/** Who the request is made as. */
const userOf = async (
  { tokens, registry }: FrontendOptions,
  { headers, rawHeaders }: IncomingMessage | Http2ServerRequest,
  { certificate, isTrusted }: Peer,
  trail: Trail,
): Promise<User> => {
  const { authorization } = headers;
  const user = await authenticate({ certificate, isCertificateTrusted: isTrusted, authorization }, tokens);
  trail.authenticated(user);
  const other = impersonated(registry.access, user, rawHeaders);
  trail.impersonates(other);
  return other ?? user;
};

type Target = { readonly path: string; readonly search: string; readonly query: URLSearchParams };

const targetOf = (url: string): Target => {
  const mark = url.indexOf('?');
  const [path, search] = mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark)];
  return { path, search, query: new URLSearchParams(search) };
};

const textOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(',') : header;
