// The paths of one resource in an OpenAPI document. kubectl reads from them whether the server validates fields (the
// `fieldValidation` parameter), how it may patch (the media types of PATCH), and which path belongs to which kind.
import type { ServedResource, ServedSubresource } from '../http/served-resources.ts';
import { type Schema, refTo } from './schemas.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const BODY_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const ANSWER_TYPES = ['application/json', 'application/yaml'];
const CUSTOM_PATCH_TYPES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
];
const PATCH_TYPES = [...CUSTOM_PATCH_TYPES, 'application/strategic-merge-patch+json'];

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** What an operation reads and writes: names of definitions. */
type Operation = {
  readonly method: Method;
  readonly action: string;
  readonly gvk: Schema;
  readonly parameters: readonly Schema[];
  readonly bodyTypes?: readonly string[];
  readonly body?: string;
  readonly answer?: string;
};

const parameter = (name: string, type: string, place: 'query' | 'path' = 'query'): Schema => ({
  name,
  in: place,
  ...(place === 'path' ? { required: true } : {}),
  schema: { type, uniqueItems: true },
});

const DRY_RUN = parameter('dryRun', 'string');
const WRITE = [DRY_RUN, parameter('fieldManager', 'string'), parameter('fieldValidation', 'string')];
const PATCH = [...WRITE, parameter('force', 'boolean')];
const DELETE = [
  DRY_RUN,
  parameter('gracePeriodSeconds', 'integer'),
  parameter('orphanDependents', 'boolean'),
  parameter('propagationPolicy', 'string'),
];
const LIST = [
  parameter('allowWatchBookmarks', 'boolean'),
  parameter('continue', 'string'),
  parameter('fieldSelector', 'string'),
  parameter('labelSelector', 'string'),
  parameter('limit', 'integer'),
  parameter('resourceVersion', 'string'),
  parameter('resourceVersionMatch', 'string'),
  parameter('sendInitialEvents', 'boolean'),
  parameter('timeoutSeconds', 'integer'),
  parameter('watch', 'boolean'),
];

export type Paths = Readonly<Record<string, Schema>>;

/** `root` is `/api/v1` or `/apis/GROUP/VERSION`; `definitionOf` names the schema of a subresource's kind. */
export const pathsOf = (
  root: string,
  served: ServedResource,
  definitionOf: (subresource: ServedSubresource) => string,
): Paths => {
  const scope = served.namespaced ? '/namespaces/{namespace}' : '';
  const collection = `${root}${scope}/${served.resource}`;
  const isList = served.verbs.includes('list');
  const everywhere =
    served.namespaced && isList ? { [`${root}/${served.resource}`]: pathItem([listOf(served)]) } : {};
  const subresources = served.subresources.map((each) => [
    `${collection}/{name}/${each.name}`,
    pathItem(subresourceOperations(served, each, definitionOf(each)), pathParameters(served, 'named')),
  ]);
  return {
    ...everywhere,
    [collection]: pathItem(collectionOperations(served), pathParameters(served, 'all')),
    ...(served.verbs.includes('get')
      ? { [`${collection}/{name}`]: pathItem(objectOperations(served), pathParameters(served, 'named')) }
      : {}),
    ...Object.fromEntries(subresources),
  };
};

const pathParameters = ({ namespaced }: ServedResource, which: 'all' | 'named'): readonly Schema[] => [
  ...(which === 'named' ? [parameter('name', 'string', 'path')] : []),
  ...(namespaced ? [parameter('namespace', 'string', 'path')] : []),
];

const gvkOf = ({ group, version, kind }: { group: string; version: string; kind: string }): Schema => ({
  group,
  kind,
  version,
});

export const listDefinition = ({ definition, listKind }: ServedResource): string =>
  `${definition.slice(0, definition.lastIndexOf('.'))}.${listKind}`;

const listOf = (served: ServedResource): Operation => ({
  method: 'get',
  action: 'list',
  gvk: gvkOf(served),
  parameters: LIST,
  answer: listDefinition(served),
});

const collectionOperations = (served: ServedResource): readonly Operation[] => {
  const { definition, verbs } = served;
  const gvk = gvkOf(served);
  return [
    ...(verbs.includes('list') ? [listOf(served)] : []),
    { method: 'post', action: 'post', gvk, parameters: WRITE, body: definition, answer: definition },
    ...(verbs.includes('deletecollection') ? [deletion('deletecollection', gvk, [...LIST, ...DELETE])] : []),
  ];
};

const objectOperations = (served: ServedResource): readonly Operation[] => {
  const gvk = gvkOf(served);
  return [...changeOperations(served, gvk, served.definition), deletion('delete', gvk, DELETE)];
};

const changeOperations = (
  { schema: custom }: ServedResource,
  gvk: Schema,
  definition: string,
): readonly Operation[] => [
  { method: 'get', action: 'get', gvk, parameters: [], answer: definition },
  { method: 'put', action: 'put', gvk, parameters: WRITE, body: definition, answer: definition },
  {
    method: 'patch',
    action: 'patch',
    gvk,
    parameters: PATCH,
    bodyTypes: custom ? CUSTOM_PATCH_TYPES : PATCH_TYPES,
    body: `${META}.Patch`,
    answer: definition,
  },
];

const deletion = (action: string, gvk: Schema, parameters: readonly Schema[]): Operation => ({
  method: 'delete',
  action,
  gvk,
  parameters,
  body: `${META}.DeleteOptions`,
  answer: `${META}.Status`,
});

const subresourceOperations = (
  served: ServedResource,
  { name, responseKind, verbs }: ServedSubresource,
  definition: string,
): readonly Operation[] => {
  const gvk = gvkOf(responseKind);
  if (verbs.includes('patch')) return changeOperations(served, gvk, definition);
  if (name === 'log') return [{ method: 'get', action: 'get', gvk, parameters: [] }];
  if (verbs.includes('get'))
    return (['get', 'post'] as const).map((method) => ({ method, action: 'connect', gvk, parameters: [] }));
  const method = verbs.includes('update') ? 'put' : 'post';
  return [{ method, action: method, gvk, parameters: WRITE, body: definition, answer: definition }];
};

const pathItem = (operations: readonly Operation[], parameters: readonly Schema[] = []): Schema => ({
  ...Object.fromEntries(operations.map((operation) => [operation.method, operationObject(operation)])),
  ...(parameters.length > 0 ? { parameters } : {}),
});

const operationObject = (operation: Operation): Schema => {
  const { action, gvk, parameters, body, bodyTypes = BODY_TYPES, answer } = operation;
  return {
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { content: content(bodyTypes, refTo(body)) } } : {}),
    responses: {
      200: { description: 'OK', content: content(ANSWER_TYPES, answer ? refTo(answer) : { type: 'string' }) },
      401: { description: 'Unauthorized' },
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
  };
};

const content = (types: readonly string[], schema: Schema): Schema =>
  Object.fromEntries(types.map((type) => [type, { schema }]));
