// Answers the requests that are not streams: health, pods, metrics, logs.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TLSSocket } from 'node:tls';
import { PAGE_TYPE } from '../../metrics/page.ts';
import type { MetricsPage } from '../../metrics/page.ts';
import { ownValue } from '../../lang/own-value.ts';
import type { NodePages } from '../options.ts';
import type { PodContext } from '../pod/context.ts';
import type { PodWorkers } from '../pod/pod-workers.ts';
import { isAllowed } from './authorize.ts';
import { HttpProblem, findLogged, findPod } from './container-lookup.ts';
import { logOptions } from './log-lines.ts';
import type { LogOptions } from './log-lines.ts';
import { readLog } from './log-stream.ts';
import { gaugePods } from './metrics.ts';
import { routeOf } from './route.ts';
import type { ContainerRoute, PageRoute, Route } from './route.ts';

export type ServerContext = {
  readonly pods: PodContext;
  readonly workers: PodWorkers;
  readonly metrics: MetricsPage;
  readonly pages: NodePages;
};

export const answer = async (
  context: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  try {
    await answerRoute(context, admit(request), response);
  } catch (error) {
    if (response.headersSent) return void response.destroy();
    const { code, message } = problemOf(context, error);
    response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
  }
};

/** The route of a request by someone who may make it. Throws HttpProblem. */
export const admit = (request: IncomingMessage): Route => {
  if (!isAllowed((request.socket as TLSSocket).getPeerCertificate().subject))
    throw new HttpProblem(403, 'Forbidden');
  const route = routeOf(request.url ?? '/');
  if (!route) throw new HttpProblem(404, '404 page not found');
  return route;
};

export const problemOf = ({ pods }: ServerContext, error: unknown): HttpProblem => {
  if (error instanceof HttpProblem) return error;
  pods.log.warn({ err: error }, 'kubelet request failed');
  return new HttpProblem(500, (error as Error).message);
};

const answerRoute = async (context: ServerContext, route: Route, response: ServerResponse): Promise<void> => {
  const { pods, workers } = context;
  switch (route.kind) {
    case 'healthz':
      return void response.end('ok');
    case 'pods':
      response.setHeader('content-type', 'application/json');
      return void response.end(
        JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: workers.list() }),
      );
    case 'metrics':
      gaugePods(pods.node.name, workers.list());
      response.setHeader('content-type', PAGE_TYPE);
      return void response.end(await context.metrics());
    case 'page':
      return sendPage(context, route, response);
    case 'logs':
      return sendLog(context, route, response);
    case 'exec':
    case 'attach':
    case 'port-forward':
      throw new HttpProblem(400, 'Upgrade request required');
  }
};

const sendPage = async (
  { pages }: ServerContext,
  { name, query }: PageRoute,
  response: ServerResponse,
): Promise<void> => {
  const page = ownValue(pages, name);
  if (!page) throw new HttpProblem(404, '404 page not found');
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const text = page(query, gone.signal);
  if (!text) throw new HttpProblem(400, `/${name} does not know this query`);
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).flushHeaders();
  await pipeline(Readable.from(text), response);
};

const sendLog = async (
  { pods, workers }: ServerContext,
  { of, query }: ContainerRoute,
  response: ServerResponse,
): Promise<void> => {
  const { runtime, folders, clock } = pods;
  const options = readOptions(query, clock.now());
  const record = findPod(workers, of);
  const { id, logPath } = findLogged(record, of, options.previous);
  const path = join(folders.logs({ namespace: of.namespace, name: of.pod, uid: record.uid }), logPath);
  await access(path);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const isRunning = async (): Promise<boolean> => (await runtime.containerStatus(id))?.state === 'running';
  response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders();
  await pipeline(Readable.from(readLog(path, options, { isRunning, signal: gone.signal })), response);
};

const readOptions = (query: URLSearchParams, nowMs: number): LogOptions => {
  try {
    return logOptions(query, nowMs);
  } catch (error) {
    throw new HttpProblem(400, (error as Error).message);
  }
};
