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
import type { Answer, Outgoing } from './exchange.ts';
import { badRequest } from '../status-errors.ts';
import { noSuchPath } from './http-errors.ts';
import type { KubeletClient } from './kubelet-client.ts';
import { refOf } from './answers.ts';
import type { PodStreams, StreamSubresource } from './pod-streams.ts';
import { readBody } from './request-body.ts';
import { type ResourcePath, parseRequestPath } from './request-path.ts';
import { answerOfError, send } from './send.ts';
import type { Peer, ServerHandlers } from './server.ts';
import { openTunnel, refuseUpgrade } from './tunnel.ts';

export type FrontendOptions = {
  readonly handle: ApiHandler;
  readonly tokens: ServiceAccountTokens;
  readonly podStreams: PodStreams;
  readonly kubelet: KubeletClient;
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
  const answer = await answerTo(options, request, peer, warnings);
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
  warnings: string[],
): Promise<Answer> => {
  try {
    const { path, query } = targetOf(request.url ?? '/');
    return await options.handle({
      method: request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET'),
      path,
      query,
      headers: request.headers,
      user: await userOf(options, request, peer),
      body: () => readBody(request, options.clock),
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
    const { path, query } = targetOf(request.url ?? '/');
    const target = streamTargetOf(path);
    const user = await userOf(options, request, peer);
    // Who may exec may do so by GET and by POST alike: both are `create` for a role (CVE-2020-8559 and after).
    demand(user, { ...target.path, verb: 'create' });
    const location = options.podStreams.locate(refOf(target.path), target.subresource, query);
    await openTunnel(options.kubelet, location, request, socket, head);
  } catch (error) {
    refuseUpgrade(socket, answerOfError(error, options.log));
  }
};

const streamTargetOf = (
  text: string,
): { readonly path: ResourcePath; readonly subresource: StreamSubresource } => {
  const path = parseRequestPath(text);
  if (path.kind !== 'resource' || path.group !== '' || path.resource !== 'pods') throw noSuchPath();
  const { subresource, name, namespace } = path;
  if (!name || !namespace) throw noSuchPath();
  if (subresource === 'exec' || subresource === 'attach' || subresource === 'portforward')
    return { path, subresource };
  throw badRequest('this resource cannot be upgraded to another protocol');
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

const targetOf = (url: string): { readonly path: string; readonly query: URLSearchParams } => {
  const mark = url.indexOf('?');
  return mark < 0
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
};

const textOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(',') : header;
