// The documents of the server's own: discovery, version, health, OpenAPI.
import { createHash } from 'node:crypto';
import { KUBERNETES_VERSION } from '../../k8s/version.ts';
import { type Issuer, keySet, openIdConfiguration } from '../auth/issuer-discovery.ts';
import { type MetricsPage, PAGE_TYPE } from '../../metrics/page.ts';
import type { OpenApi } from '../openapi/openapi.ts';
import { rememberEach } from '../../lang/remember.ts';
import { type DiscoveryVersion, negotiateDiscovery, plainEncoding } from './accept.ts';
import {
  aggregatedContentType,
  aggregatedDiscovery,
  groupDocument,
  groupList,
  legacyVersions,
  resourceList,
} from './discovery.ts';
import { encodedAnswer } from './encodings.ts';
import { type Answer, type ApiRequest, type DocumentAnswer, jsonAnswer, textAnswer } from './exchange.ts';
import { methodNotAllowed, noSuchPath } from './http-errors.ts';
import { openApiAnswer } from './openapi-answers.ts';
import type { ServedResource } from './served-resources.ts';

export type DocumentOptions = {
  /** As they are now: another list whenever one comes or goes. */
  readonly resources: () => readonly ServedResource[];
  readonly openApi: OpenApi;
  /** Of the ServiceAccount tokens. */
  readonly issuer: Issuer;
  readonly metrics: MetricsPage;
};

/** Answers a path that names no resource; `segments` is the path, taken apart. Throws 404 and 405. */
export const answerDocument = (
  options: DocumentOptions,
  request: ApiRequest,
  segments: readonly string[],
): Answer | Promise<Answer> => {
  if (request.method !== 'GET') throw methodNotAllowed();
  const answer = find(options, request, segments);
  if (!answer) throw noSuchPath();
  return answer;
};

const find = (
  { resources: present, openApi, issuer, metrics }: DocumentOptions,
  request: ApiRequest,
  [first, ...rest]: readonly string[],
): Answer | Promise<Answer> | undefined => {
  const resources = present();
  switch (first) {
    case undefined:
      return jsonAnswer(200, { paths: rootPaths(resources) });
    case 'api':
      return rest.length === 0
        ? core(resources, request)
        : groupVersionAnswer(resources, request, ['', ...rest]);
    case 'apis':
      return rest.length === 0 ? groups(resources, request) : groupVersionAnswer(resources, request, rest);
    case 'version':
      return rest.length === 0 ? jsonAnswer(200, versionDocument()) : undefined;
    case 'healthz':
    case 'livez':
    case 'readyz':
      return health(first, request.query, rest);
    case 'metrics':
      return rest.length === 0 ? metricsAnswer(metrics) : undefined;
    case 'openapi':
      return openApiAnswer(openApi, request, rest);
    default:
      return issuerAnswer(issuer, [first, ...rest].join('/'));
  }
};

/** Relying parties keep it for an hour, as kube-apiserver tells them. */
const issuerAnswer = (issuer: Issuer, path: string): Answer | undefined => {
  const headers = { 'cache-control': 'public, max-age=3600' };
  if (path === '.well-known/openid-configuration')
    return { ...documentOf(JSON.stringify(openIdConfiguration(issuer))), headers };
  if (path === 'openid/v1/jwks')
    return { ...documentOf(JSON.stringify(keySet(issuer)), 'application/jwk-set+json'), headers };
  return undefined;
};

const rootPaths = (resources: readonly ServedResource[]): readonly string[] => {
  const groupVersions = new Set(
    resources.flatMap(({ group, version }) =>
      group === '' ? ['/api', `/api/${version}`] : ['/apis', `/apis/${group}`, `/apis/${group}/${version}`],
    ),
  );
  return [
    ...groupVersions,
    '/.well-known/openid-configuration',
    '/healthz',
    '/livez',
    '/metrics',
    '/openapi/v2',
    '/openapi/v3',
    '/openid/v1/jwks',
    '/readyz',
    '/version',
  ].sort();
};

const coreOf = rememberEach((resources: readonly ServedResource[]) =>
  resources.filter(({ group }) => group === ''),
);

const core = (resources: readonly ServedResource[], request: ApiRequest): Answer => {
  const own = coreOf(resources);
  return discovered(own, request, () => legacyVersions(request.headers.host ?? ''));
};

const groupsOf = rememberEach((resources: readonly ServedResource[]) =>
  resources.filter(({ group }) => group !== ''),
);

const groups = (resources: readonly ServedResource[], request: ApiRequest): Answer => {
  const own = groupsOf(resources);
  return discovered(own, request, () => groupList(own));
};

type Text = { readonly body: string; readonly etag: string };

const discoveryText =
  (version: DiscoveryVersion) =>
  (resources: readonly ServedResource[]): Text => {
    const body = JSON.stringify(aggregatedDiscovery(resources, version));
    return { body, etag: `"${createHash('sha256').update(body).digest('hex').toUpperCase()}"` };
  };

/** Clients ask for them again and again: each is written once, until a resource comes or goes. */
const discoveryTexts = {
  v2: rememberEach(discoveryText('v2')),
  v2beta1: rememberEach(discoveryText('v2beta1')),
};

/** Aggregated, or the plain document. */
const discovered = (
  resources: readonly ServedResource[],
  request: ApiRequest,
  plain: () => object,
): Answer => {
  const version = negotiateDiscovery(request.headers.accept);
  if (version === 'json' || version === 'protobuf') return encodedAnswer(version, 200, plain());
  const { body, etag } = discoveryTexts[version](resources);
  const answer = { ...documentOf(body, aggregatedContentType(version)), headers: { etag, vary: 'Accept' } };
  return request.headers['if-none-match'] === etag ? { ...answer, code: 304, body: '' } : answer;
};

const documentOf = (body: string, contentType = 'application/json'): DocumentAnswer => ({
  kind: 'document',
  code: 200,
  contentType,
  body,
});

const groupVersionAnswer = (
  resources: readonly ServedResource[],
  { headers }: ApiRequest,
  [group, version, ...rest]: readonly string[],
): Answer | undefined => {
  if (rest.length > 0) return undefined;
  const found =
    version === undefined ? groupDocument(resources, group!) : resourceList(resources, group!, version);
  return found && encodedAnswer(plainEncoding(headers.accept), 200, found);
};

const versionDocument = (): object => {
  const [major, minor] = KUBERNETES_VERSION.slice(1).split('.');
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    gitVersion: KUBERNETES_VERSION,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: 'node',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
};

/** All is in this process: it is healthy when it answers. `?verbose` lists the checks as kube-apiserver does. */
const health = (name: string, query: URLSearchParams, rest: readonly string[]): Answer | undefined => {
  if (rest.length > 1 || (rest.length === 1 && rest[0] !== 'ping')) return undefined;
  const isVerbose = query.has('verbose') && rest.length === 0;
  return textAnswer(200, isVerbose ? `[+]ping ok\n${name} check passed\n` : 'ok');
};

const metricsAnswer = async (metrics: MetricsPage): Promise<Answer> => documentOf(await metrics(), PAGE_TYPE);
