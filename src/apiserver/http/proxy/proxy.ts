// The proxy subresource: passes a request on to a pod, a Service's endpoint or a node, and its answer back.
// k8s.io/apimachinery/pkg/util/proxy (1.36): UpgradeAwareHandler and Transport.
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { hostPort } from '../../../ip/host-port.ts';
import type { KubeObject, Stored } from '../../../k8s/objects.ts';
import { endpoints, nodes, pods, services } from '../../../k8s/resources.ts';
import type { Resource } from '../../../k8s/resources.ts';
import { nodeHttp } from '../../../lang/node-http.ts';
import type { Registry } from '../../registry.ts';
import { noSuchPath } from '../http-errors.ts';
import { serviceUnavailable } from '../../status-errors.ts';
import type { Answer, ApiRequest } from '../exchange.ts';
import type { KubeletClient } from '../kubelet-client.ts';
import { passOn, passOnText } from '../pass-on.ts';
import type { ResourcePath } from '../request-path.ts';
import { createUpstream } from '../upstream.ts';
import type { Tunnel, Upstream, UpstreamLocation } from '../upstream.ts';
import { answerHeaders, requestHeaders, upgradeHeaders } from './headers.ts';
import { rewriteHtml } from './links.ts';
import type { Page } from './links.ts';
import { isProxied, locateProxy } from './locate.ts';
import type { ProxyTarget } from './locate.ts';

export type ProxyOptions = {
  readonly registry: Registry;
  readonly kubelet: KubeletClient;
  readonly kubeletPort: number;
};

export type Proxy = {
  /** `tail`: the path there, '' or with a slash. */
  readonly answer: (request: ApiRequest, path: ResourcePath, tail: string) => Promise<Answer>;
  /** Like exec: the two sides speak to each other, unless the answer is a refusal. */
  readonly upgrade: (request: IncomingMessage, path: ResourcePath, tail: string) => Promise<Tunnel>;
};

const CONNECT_MS_MAX = 30_000;

export const createProxy = (options: ProxyOptions): Proxy => {
  const upstreams = createUpstreams(options.kubelet);
  const locate = locatorIn(options);
  return {
    answer: async (request, path, tail) => {
      if (proxyTail(request.path) === '' && request.method === 'GET') return redirect(request);
      const target = locate(path);
      const headers = requestHeaders(request.headers, request.path);
      const answer = await upstreams[target.transport].send(locationOf(target, tail, request.search), {
        method: request.wireMethod,
        headers,
        onClose: request.onClose,
        ...(hasBody(request) ? { body: request.stream } : {}),
      });
      return toAnswer(answer, request, target);
    },
    upgrade: (request, path, tail) => {
      const target = locate(path);
      const [text = '/', search] = (request.url ?? '/').split(/(?=\?)/, 2);
      return upstreams[target.transport].upgrade(locationOf(target, tail, search ?? ''), {
        method: request.method ?? 'GET',
        headers: upgradeHeaders(request.headers, text),
      });
    },
  };
};

const createUpstreams = (kubelet: KubeletClient): Readonly<Record<ProxyTarget['transport'], Upstream>> => {
  const upstream = (open: (options: RequestOptions) => ClientRequest): Upstream =>
    createUpstream({
      // A certificate of a pod's own says nothing to us: kube-apiserver does not look at it either.
      open: (options) => open({ ...options, agent: false, ...INSECURE }),
      timeoutMs: CONNECT_MS_MAX,
      waitsFor: 'connection',
      failed: (location, error) =>
        serviceUnavailable(`error trying to reach service: ${dialError(location, error)}`),
    });
  return {
    http: upstream((options) => nodeHttp().request(options)),
    https: upstream(httpsRequest),
    kubelet,
  };
};

const INSECURE = { rejectUnauthorized: false };

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
};

/** As Go says it: scripts look for `connection refused`. */
const dialError = ({ host, port }: UpstreamLocation, { code = '', message }: NodeJS.ErrnoException): string =>
  REASONS[code] ? `dial tcp ${hostPort(host, port)}: ${REASONS[code]}` : message;

const locatorIn = ({ registry, kubeletPort }: ProxyOptions): ((path: ResourcePath) => ProxyTarget) => {
  const get = <T extends KubeObject>(resource: Resource<T>, name: string, namespace?: string): Stored<T> =>
    registry.get(registry.kinds.find(resource)!, { name, namespace }) as Stored<T>;
  return ({ resource, name, namespace }) => {
    if (!isProxied(resource) || !name) throw noSuchPath();
    return locateProxy(resource, name, {
      pod: (each) => get(pods, each, namespace),
      service: (each) => get(services, each, namespace),
      endpoints: (each) => get(endpoints, each, namespace),
      node: (each) => get(nodes, each),
      kubeletPort,
      random: Math.random,
    });
  };
};

const OWN_PATH = /^\/+api\/+v1\/+(?:namespaces\/+[^/]+\/+)?(?:pods|services|nodes)\/+[^/]+\/+proxy/;

/** What follows `.../proxy`, as it was written: '' or a path. '' of any other path. */
export const proxyTail = (path: string): string => (OWN_PATH.test(path) ? path.replace(OWN_PATH, '') : '');

const locationOf = (target: ProxyTarget, tail: string, search: string): UpstreamLocation => ({
  ...target,
  path: (tail || '/') + search,
});

/** So that the relative links of the page lead where they should (kubernetes issue 4958). */
const redirect = ({ path, search }: ApiRequest): Answer => ({
  kind: 'document',
  code: 301,
  contentType: 'text/plain',
  body: '',
  headers: { location: `${path}/${search}` },
});

/** A body that is empty does no harm to the first three. */
const hasBody = ({ method, headers }: ApiRequest): boolean =>
  ['POST', 'PUT', 'PATCH'].includes(method) ||
  headers['transfer-encoding'] !== undefined ||
  Number(headers['content-length'] ?? 0) > 0;

const toAnswer = (answer: IncomingMessage, request: ApiRequest, { host, port }: ProxyTarget): Answer => {
  const page: Page = {
    prefix: OWN_PATH.exec(request.path)?.[0] ?? '',
    targetHosts: [host, `${host}:${port}`],
    requestHost: String(request.headers.host ?? request.headers[':authority'] ?? ''),
  };
  const headers = answerHeaders(answer.rawHeaders, page);
  const code = answer.statusCode ?? 502;
  if (!isPlainHtml(answer) || request.wireMethod === 'HEAD') return passOn(answer, code, headers);
  const { 'content-length': _, ...rest } = headers;
  return passOnText(answer, code, rest, (html) => rewriteHtml(html, page));
};

const isPlainHtml = ({ headers }: IncomingMessage): boolean =>
  /^text\/html\b/.test(headers['content-type'] ?? '') && !headers['content-encoding'];
