// Requests for another protocol than HTTP: exec, attach, port-forward and proxied ones become tunnels; a log can be read
// over WebSocket.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { badRequest } from '../status-errors.ts';
import type { Connection } from './connection.ts';
import { refOf } from './answers.ts';
import type { Answer } from './exchange.ts';
import { noSuchPath } from './http-errors.ts';
import type { KubeletClient } from './kubelet-client.ts';
import { kubeletRefusal } from './kubelet-refusal.ts';
import type { PodStreams } from './pod-streams.ts';
import type { Proxy } from './proxy/proxy.ts';
import { type ResourcePath, verbOf } from './request-path.ts';
import { join, streamHeaders } from './tunnel.ts';
import type { Tunnel } from './upstream.ts';
import { answerByWebSocket, answerProtocol } from './web-socket-answer.ts';

export type UpgradeOptions = {
  readonly podStreams: PodStreams;
  readonly proxy: Proxy;
  readonly kubelet: KubeletClient;
};

type Upgraded = {
  readonly path: ResourcePath;
  readonly connection: Connection;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
};

/** Of a user who may. Rejects with ApiError; then nothing has been written. */
export const serveUpgraded = async (
  options: UpgradeOptions,
  { path, connection, request, socket, head }: Upgraded,
): Promise<void> => {
  if (path.subresource === 'log' && answerProtocol(request) !== undefined)
    return answerByWebSocket(await logOf(options, path, connection.query), request, socket, head);
  join(await openTunnel(options, path, request, connection), socket, head);
};

const logOf = (
  { podStreams }: UpgradeOptions,
  path: ResourcePath,
  query: URLSearchParams,
): Promise<Answer> => {
  if (path.group !== '' || path.resource !== 'pods' || path.namespace === undefined) throw noSuchPath();
  return podStreams.logs(refOf(path), query);
};

/** Who may exec may do so by GET and by POST alike: both are `create` for a role (CVE-2020-8559 and after). */
export const upgradeVerb = (
  path: ResourcePath,
  { method }: IncomingMessage,
  query: URLSearchParams,
): string => (STREAMS.has(path.subresource ?? '') ? 'create' : (verbOf(method ?? 'GET', path, query) ?? ''));

const STREAMS = new Set(['exec', 'attach', 'portforward']);

const openTunnel = async (
  { podStreams, proxy, kubelet }: UpgradeOptions,
  path: ResourcePath,
  request: IncomingMessage,
  { query, tail }: Connection,
): Promise<Tunnel> => {
  if (path.subresource === 'proxy' && path.group === '') return proxy.upgrade(request, path, tail);
  if (path.group !== '' || path.resource !== 'pods' || path.namespace === undefined) throw noSuchPath();
  const { subresource } = path;
  if (subresource !== 'exec' && subresource !== 'attach' && subresource !== 'portforward')
    throw badRequest('this resource cannot be upgraded to another protocol');
  const tunnel = await kubelet.upgrade(podStreams.locate(refOf(path), subresource, query), {
    method: request.method ?? 'GET',
    headers: streamHeaders(request),
  });
  if (!tunnel.socket) throw await kubeletRefusal(tunnel.answer);
  return tunnel;
};
