// The ApiClient over HTTPS: for node agents and for a real cluster. JSON both ways, all requests over one HTTP/2 session.
import { ApiError, failure } from '../k8s/api-error.ts';
import type { StatusReason } from '../k8s/api-error.ts';
import type { Status } from '../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import { apiVersionOf } from '../k8s/resources.ts';
import type { Resource } from '../k8s/resources.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import type {
  ApiClient,
  DeleteRequest,
  ListOptions,
  PageOptions,
  ListResult,
  WatchEvent,
  WatchOptions,
} from './client.ts';
import { answerBody } from './answer-body.ts';
import { Http2Connection } from './http2-connection.ts';
import type { Answer, Request } from './http2-connection.ts';
import { jsonLines } from './json-lines.ts';
import { countSent } from './metrics.ts';
import { collectionPath, objectPath, queryOf } from './request-path.ts';

export type HttpClientOptions = {
  /** `https://10.0.0.1:6443`: an address, never a name. */
  readonly server: string;
  /** The PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  /** The client's own certificate and key, PEM; both or none. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** A bearer token, e.g. of a ServiceAccount. */
  readonly token?: string | undefined;
  readonly userAgent?: string;
  /** How long the start of an answer may take, in milliseconds. */
  readonly timeoutMs?: number;
  readonly clock: Clock;
  readonly log: Log;
};

export type HttpClient = ApiClient & {
  /** Ends the session; every later call rejects. */
  readonly close: () => void;
};

const BODY_BYTES_MAX = 512 << 20;
const WATCH_LINE_BYTES_MAX = 16 << 20;

type Send = (
  method: Request['method'],
  path: string,
  body?: unknown,
  contentType?: string,
) => Promise<Answer>;
type Call = <R>(...args: Parameters<Send>) => Promise<R>;

/** Opens no connection before the first call. Calls reject with ApiError for a Status, with Error for the network. */
export const createHttpClient = (options: HttpClientOptions): HttpClient => {
  const connection = new Http2Connection({ timeoutMs: 30_000, ...options });
  const send = senderOver(connection, options);
  const call: Call = async <R>(...args: Parameters<Send>) => (await read(await send(...args))) as R;
  return { ...readsOver(call, send), ...writesOver(call), close: () => connection.close() };
};

const readsOver = (call: Call, send: Send): Pick<ApiClient, 'get' | 'list' | 'watch'> => ({
  get: (resource, ref) => call('GET', objectPath(resource, ref)),
  list: (resource, options) => list(call, resource, options),
  watch: (resource, options) => watch(send, resource, options),
});

const writesOver = (call: Call): Omit<ApiClient, 'get' | 'list' | 'watch'> => ({
  create: (resource, object, namespace) =>
    call('POST', collectionPath(resource, namespace ?? object.metadata?.namespace), typed(resource, object)),
  update: (resource, object) => call('PUT', pathOf(resource, object), typed(resource, object)),
  updateStatus: (resource, object) =>
    call('PUT', pathOf(resource, object, 'status'), typed(resource, object)),
  patch: (resource, ref, patch, { type, subresource }) =>
    call('PATCH', objectPath(resource, ref, subresource), patch, type),
  delete: (resource, ref, request = {}) => call('DELETE', objectPath(resource, ref), deleteOptions(request)),
  // A namespace is finalized by PUT; binding, token and eviction are POSTs.
  createSubresource: (resource, ref, subresource, body) =>
    call(subresource === 'finalize' ? 'PUT' : 'POST', objectPath(resource, ref, subresource), body),
});

const list = async <T extends KubeObject>(
  call: Call,
  resource: Resource<T>,
  options: ListOptions & PageOptions = {},
): Promise<ListResult<T>> => {
  const path = collectionPath(resource, options.namespace) + queryOf(options, pageQuery(options));
  const { metadata, items } = await call<{
    readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
    readonly items: readonly Stored<T>[] | null;
  }>('GET', path);
  return {
    resourceVersion: metadata.resourceVersion,
    ...(metadata.continue ? { continue: metadata.continue } : {}),
    items: (items ?? []).map((item) => typed(resource, item)),
  };
};

const pageQuery = ({ limit, continue: from }: PageOptions): Readonly<Record<string, string>> => ({
  ...(limit ? { limit: String(limit) } : {}),
  ...(from ? { continue: from } : {}),
});

const senderOver = (
  connection: Http2Connection,
  { server, token, userAgent = 'podnet' }: HttpClientOptions,
): Send => {
  const { host } = new URL(server);
  return (method, path, body, contentType = 'application/json') =>
    countSent(method, host, () =>
      connection.send({
        method,
        path,
        headers: {
          accept: 'application/json',
          'user-agent': userAgent,
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(body === undefined ? {} : { 'content-type': contentType }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      }),
    );
};

async function* watch<T extends KubeObject>(
  send: Send,
  resource: Resource<T>,
  { signal, resourceVersion, ...options }: WatchOptions,
): AsyncGenerator<WatchEvent<T>, void> {
  if (signal.aborted) return;
  const query = queryOf(options, { watch: 'true', allowWatchBookmarks: 'true', resourceVersion });
  const answer = await send('GET', collectionPath(resource, options.namespace) + query);
  const cancel = (): void => void answer.stream.destroy();
  signal.addEventListener('abort', cancel);
  try {
    if (signal.aborted) return;
    if (answer.status !== 200) throw await errorOf(answer);
    for await (const frame of jsonLines(answerBody(answer.stream), WATCH_LINE_BYTES_MAX))
      yield eventOf<T>(frame as Frame);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

type Frame = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
};

const eventOf = <T extends KubeObject>({ type, object }: Frame): WatchEvent<T> => {
  if (type === 'ERROR') throw new ApiError(object as Status);
  const stored = object as Stored<T>;
  return type === 'BOOKMARK'
    ? { type, resourceVersion: stored.metadata.resourceVersion }
    : { type, object: stored };
};

const read = async (answer: Answer): Promise<unknown> => {
  if (answer.status >= 400) throw await errorOf(answer);
  return JSON.parse(await textOf(answer)) as unknown;
};

const textOf = async (answer: Answer): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answerBody(answer.stream)) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new RangeError(`answer of more than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const REASONS: Readonly<Record<number, StatusReason>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

// A proxy or a plain HTTP handler answers without a Status: make one from the code and the text.
const errorOf = async (answer: Answer): Promise<ApiError> => {
  const text = await textOf(answer);
  return new ApiError(
    statusIn(text) ?? failure(answer.status, REASONS[answer.status] ?? 'InternalError', text.trim()),
  );
};

const statusIn = (text: string): Status | undefined => {
  try {
    const body = JSON.parse(text) as Status;
    return body.kind === 'Status' ? body : undefined;
  } catch {
    return undefined;
  }
};

// Items of a typed list carry no apiVersion and kind of their own, and callers need not write them.
const typed = <T extends object>(resource: Resource, object: T): T => ({
  ...object,
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
});

const pathOf = (resource: Resource, { metadata }: KubeObject, subresource?: string): string =>
  objectPath(resource, { name: metadata?.name ?? '', namespace: metadata?.namespace }, subresource);

const deleteOptions = ({ uid, resourceVersion, ...request }: DeleteRequest): object => ({
  apiVersion: 'v1',
  kind: 'DeleteOptions',
  ...request,
  ...(uid || resourceVersion ? { preconditions: { uid, resourceVersion } } : {}),
});
