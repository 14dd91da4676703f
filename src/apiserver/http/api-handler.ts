// From an authenticated request to its answer: understand the path, ask whether it is allowed, find the handler.
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { rememberLast } from '../../lang/remember.ts';
import type { MetricsPage } from '../../metrics/page.ts';
import type { Access } from '../auth/access.ts';
import type { Attributes } from '../auth/attributes.ts';
import { demand } from '../auth/authorize.ts';
import type { Issuer } from '../auth/issuer-discovery.ts';
import { type Review, createReviews } from '../auth/reviews.ts';
import type { ServiceAccountTokens, TokenOptions } from '../auth/service-account-tokens.ts';
import type { Kind } from '../kind.ts';
import { createOpenApi } from '../openapi/openapi.ts';
import type { Registry, ServedKinds, Subresource } from '../registry.ts';
import { negotiate } from './accept.ts';
import { refOf } from './answers.ts';
import { admitConnection } from './connection.ts';
import { decodeBody } from './decode-body.ts';
import { groupVersion } from './discovery.ts';
import { answerDocument } from './documents.ts';
import { createEventFrames } from './event-frames.ts';
import { encodedAnswer } from './encodings.ts';
import type { Answer, ApiRequest } from './exchange.ts';
import { createFrameOutbox } from './frame-outbox.ts';
import { badRequest } from '../status-errors.ts';
import { methodNotAllowed, noSuchPath } from './http-errors.ts';
import { type ObjectHandler, createObjectReads } from './object-reads.ts';
import { createObjectTexts } from './object-texts.ts';
import { createObjectWrites } from './object-writes.ts';
import type { PodStreams } from './pod-streams.ts';
import { type Proxy, proxyTail } from './proxy/proxy.ts';
import { countRequest } from './request-metrics.ts';
import {
  type ResourcePath,
  type Verb,
  nameAsked,
  namespaceAsked,
  parseRequestPath,
  verbOf,
} from './request-path.ts';
import { type ServedResource, type ServedSubresource, servedKind, servedReview } from './served-resources.ts';
import { createSubresourceHandler } from './subresources.ts';

export type ApiHandlerOptions = {
  readonly registry: Registry;
  readonly tokens: ServiceAccountTokens;
  readonly issuer: Issuer;
  readonly find: TokenOptions['find'];
  readonly podStreams: PodStreams;
  readonly proxy: Proxy;
  /** The text of /metrics. */
  readonly metrics: MetricsPage;
  readonly clock: Clock;
  readonly log: Log;
};

export type ApiHandler = (request: ApiRequest) => Promise<Answer>;

type ReviewRoute = { readonly review: Review; readonly served: ServedResource };
type Route = { readonly kind: Kind; readonly served: ServedResource } | ReviewRoute;

type Machinery = {
  readonly registry: Registry;
  readonly access: Access;
  readonly objects: Readonly<Record<Verb, ObjectHandler>>;
  readonly postSubresource: ReturnType<typeof createSubresourceHandler>;
  readonly podStreams: PodStreams;
  readonly proxy: Proxy;
  readonly ready: Registry['ready'];
};

/** Throws ApiError for everything that goes wrong on purpose. */
export const createApiHandler = (options: ApiHandlerOptions): ApiHandler => {
  const { registry, tokens, issuer } = options;
  const reviews = createReviews(registry.access, tokens).map(reviewRoute);
  const resources = servedResources(registry.kinds, reviews);
  const documents = { resources, openApi: createOpenApi(resources), issuer, metrics: options.metrics };
  const texts = createObjectTexts(options.clock);
  const machinery: Machinery = {
    registry,
    access: registry.access,
    objects: {
      ...createObjectReads({
        ...options,
        texts,
        frames: createEventFrames(texts),
        outbox: createFrameOutbox(),
      }),
      ...createObjectWrites(options),
    },
    postSubresource: createSubresourceHandler(options),
    podStreams: options.podStreams,
    proxy: options.proxy,
    ready: registry.ready,
  };
  const answerPath = (request: ApiRequest, segments: readonly string[]): Answer | Promise<Answer> => {
    const verb = request.method.toLowerCase();
    letIn(registry.access, request, { kind: 'path', verb, path: request.path });
    return answerDocument(documents, request, segments);
  };
  return async (request) => {
    const path = parseRequestPath(request.path);
    if (path.kind === 'document')
      return countRequest(request, undefined, () => answerPath(request, path.segments));
    const route = routeTo(registry.kinds, reviews, path);
    const verb = verbOf(request.method, path, request.query);
    const counted = route && { ...path, subresource: servedSubresource(route, path), verb };
    return countRequest(request, counted, () => answerResource(machinery, request, path, verb, route));
  };
};

/** Only names that the server knows become labels. */
const servedSubresource = ({ served }: Route, { subresource }: ResourcePath): string | undefined =>
  served.subresources.find(({ name }) => name === subresource)?.name;

const answerResource = (
  machinery: Machinery,
  request: ApiRequest,
  path: ResourcePath,
  verb: Verb | undefined,
  route: Route | undefined,
): Promise<Answer> => {
  const [name, namespace] = [nameAsked(path, verb, request.query), namespaceAsked(path)];
  letIn(machinery.access, request, { ...path, name, namespace, verb: verb ?? request.method.toLowerCase() });
  if (!route) throw noSuchPath();
  if (!verb) throw methodNotAllowed();
  return 'review' in route
    ? answerReview(route.review, request, path, verb)
    : answerKind(machinery, request, path, verb, route);
};

/** Throws 403. */
const letIn = (access: Access, request: ApiRequest, attributes: Attributes): void =>
  request.allowed(demand(access, request.user, attributes));

const reviewRoute = (review: Review): ReviewRoute => ({ review, served: servedReview(review) });

const routeTo = (
  kinds: ServedKinds,
  reviews: readonly ReviewRoute[],
  path: ResourcePath,
): Route | undefined => {
  const kind = kinds.find(path);
  if (kind) return { kind, served: servedKind(kind) };
  return reviews.find(
    ({ review: { group, version, resource } }) =>
      resource === path.resource && version === path.version && group === path.group,
  );
};

const servedResources = (
  kinds: ServedKinds,
  reviews: readonly ReviewRoute[],
): (() => readonly ServedResource[]) => {
  const all = rememberLast((present: readonly Kind[]) => [
    ...present.map(servedKind),
    ...reviews.map(({ served }) => served),
  ]);
  return () => all(kinds.all);
};

const answerReview = async (
  review: Review,
  request: ApiRequest,
  { name, namespace }: ResourcePath,
  verb: Verb,
): Promise<Answer> => {
  if (name !== undefined || (namespace !== undefined) !== review.namespaced) throw noSuchPath();
  if (verb !== 'create') throw methodNotAllowed();
  const { encoding } = negotiate(request.headers.accept);
  const { object } = await decodeBody(await request.body(), {
    contentType: request.headers['content-type'],
    expected: { apiVersion: groupVersion(review.group, review.version), kind: review.kind },
    findsDuplicates: false,
  });
  return encodedAnswer(encoding, 201, await review.answer({ user: request.user, object, namespace }));
};

const answerKind = async (
  machinery: Machinery,
  request: ApiRequest,
  path: ResourcePath,
  verb: Verb,
  { kind, served }: Extract<Route, { readonly kind: Kind }>,
): Promise<Answer> => {
  checkScope(kind, path, verb);
  if (verb !== 'create') await machinery.ready(kind, path.name === undefined ? undefined : refOf(path));
  if (kind.deprecation) request.warn(kind.deprecation);
  if (path.subresource === undefined) {
    if (!served.verbs.includes(verb) || !fits(verb, path.name)) throw methodNotAllowed();
    return machinery.objects[verb](request, { ...path, kind, subresource: undefined });
  }
  const subresource = served.subresources.find(({ name }) => name === path.subresource);
  if (!subresource) throw noSuchPath();
  if (!subresource.verbs.includes(verb)) throw methodNotAllowed();
  return answerSubresource(machinery, request, path, verb, kind, subresource);
};

/** POST is for collections, PUT and PATCH for objects; the others tell one from the other themselves. */
const fits = (verb: Verb, name: string | undefined): boolean => {
  if (verb === 'create') return name === undefined;
  return name !== undefined || (verb !== 'update' && verb !== 'patch');
};

const checkScope = (kind: Kind, { namespace, name }: ResourcePath, verb: Verb): void => {
  if (!kind.resource.namespaced) {
    if (namespace !== undefined) throw noSuchPath();
  } else if (namespace === undefined) {
    if (name !== undefined) throw noSuchPath();
    if (verb !== 'list' && verb !== 'watch') throw methodNotAllowed();
  }
};

const answerSubresource = async (
  { registry, objects, postSubresource, podStreams, proxy }: Machinery,
  request: ApiRequest,
  path: ResourcePath,
  verb: Verb,
  kind: Kind,
  subresource: ServedSubresource,
): Promise<Answer> => {
  const name = path.name!;
  switch (subresource.name) {
    case 'status':
    case 'scale':
    case 'ephemeralcontainers':
    case 'approval':
      return objects[verb](request, { ...path, kind, subresource: subresource.name as Subresource });
    case 'log':
      return podStreams.logs(refOf(path), request.query);
    case 'proxy':
      return answerByProxy(registry, proxy, request, path);
    case 'exec':
    case 'attach':
    case 'portforward':
      throw badRequest('Upgrade request required');
    default:
      return postSubresource(request, { kind, name, namespace: path.namespace, subresource });
  }
};

const answerByProxy = async (
  registry: Registry,
  proxy: Proxy,
  request: ApiRequest,
  path: ResourcePath,
): Promise<Answer> => {
  const asked = { query: request.query, tail: proxyTail(request.path) };
  const { tail } = await admitConnection(registry, path, asked, request);
  return proxy.answer(request, path, tail);
};
