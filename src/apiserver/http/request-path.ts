// What a URL path names: an object, a collection, a subresource, or a document of the server's own.
// The rules are those of k8s.io/apiserver/pkg/endpoints/request/requestinfo.go.
import { type FieldRequirement, parseFieldSelector } from '../../k8s/fields.ts';
import { badRequest } from '../status-errors.ts';

export type ResourcePath = {
  readonly kind: 'resource';
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
};

export type RequestPath = ResourcePath | { readonly kind: 'document'; readonly segments: readonly string[] };

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** Throws 400 for a path that is not well encoded. */
export const parseRequestPath = (path: string): RequestPath => {
  const segments = path.split('/').filter(Boolean).map(decode);
  if (segments[0] === 'api' && segments.length > 2)
    return resourcePath('', segments[1]!, segments.slice(2)) ?? { kind: 'document', segments };
  if (segments[0] === 'apis' && segments.length > 3)
    return resourcePath(segments[1]!, segments[2]!, segments.slice(3)) ?? { kind: 'document', segments };
  return { kind: 'document', segments };
};

/** The verb of a request, as authorisation and discovery name it; undefined for a method that no resource has. */
export const verbOf = (method: string, path: ResourcePath, query: URLSearchParams): Verb | undefined => {
  switch (method) {
    case 'GET':
      if (path.name !== undefined) return 'get';
      return isTrue(query.get('watch')) ? 'watch' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return path.name === undefined ? 'deletecollection' : 'delete';
    default:
      return undefined;
  }
};

/**
 * The object that a request is about: the path's name, or what the field selector of a list or watch narrows it to, so that
 * a role with resourceNames allows to watch one object.
 */
export const nameAsked = (
  { name }: ResourcePath,
  verb: Verb | undefined,
  query: URLSearchParams,
): string | undefined => {
  const selector = query.get('fieldSelector');
  if (name !== undefined || !selector || (verb !== 'list' && verb !== 'watch')) return name;
  try {
    const byName = ({ field, operator }: FieldRequirement): boolean =>
      field === 'metadata.name' && operator === '=';
    return parseFieldSelector(selector).find(byName)?.value;
  } catch {
    return undefined; // whoever selects says what is wrong with it
  }
};

/** A namespace is in itself: a role in it may allow to read it. */
export const namespaceAsked = ({ group, resource, namespace, name }: ResourcePath): string | undefined =>
  group === '' && resource === 'namespaces' ? name : namespace;

const isTrue = (text: string | null): boolean => text !== null && text !== 'false' && text !== '0';

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest(`invalid URL escape in path segment ${JSON.stringify(segment)}`);
  }
};

/** `namespaces/NAME/status` is about the namespace itself, `namespaces/NAME/pods` about what is in it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

const resourcePath = (group: string, version: string, rest: readonly string[]): ResourcePath | undefined => {
  const inNamespace =
    rest[0] === 'namespaces' && rest[2] !== undefined && !NAMESPACE_SUBRESOURCES.has(rest[2]);
  const [resource, name, subresource, ...more] = inNamespace ? rest.slice(2) : rest;
  if (more.length > 0 && subresource !== 'proxy') return undefined;
  const namespace = inNamespace ? rest[1] : undefined;
  return { kind: 'resource', group, version, resource: resource!, namespace, name, subresource };
};
