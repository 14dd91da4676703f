// create, update, patch, delete and deletecollection.
import type { PatchType } from '../../client/client.ts';
import { apiVersionOf } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';
import { ApiError } from '../../k8s/api-error.ts';
import { demand } from '../auth/authorize.ts';
import type { Kind } from '../kind.ts';
import type { DeleteResult, Registry, RequestContext } from '../registry.ts';
import { type Target, answersFor, refOf } from './answers.ts';
import { type DecodedBody, type ExpectedType, decodeBody, mediaTypeOf, parseJson } from './decode-body.ts';
import { readDeleteOptions } from './delete-options.ts';
import { duplicateFields } from './duplicate-fields.ts';
import { encodedAnswer } from './encodings.ts';
import type { Answer, ApiRequest } from './exchange.ts';
import { unsupportedMediaType } from './http-errors.ts';
import type { ObjectHandler } from './object-reads.ts';
import { readConfig } from './apply-body.ts';
import {
  checkNotForced,
  parseFieldValidation,
  parseForce,
  parseSelection,
  requestContext,
} from './request-options.ts';

export type WriteOptions = { readonly registry: Registry; readonly clock: Clock };

type WriteVerb = 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

export const createObjectWrites = (options: WriteOptions): Readonly<Record<WriteVerb, ObjectHandler>> => {
  const { registry, clock } = options;
  return {
    create: async (request, target) => {
      const answers = answersFor(request, target, clock);
      const { object, context } = await readObject(request, target, 'CreateOptions');
      return answers.object(await registry.create(target.kind, target.namespace, object, context), 201);
    },
    update: async (request, target) => {
      const answers = answersFor(request, target, clock);
      const { object, context } = await readObject(request, target, 'UpdateOptions');
      const { kind, subresource } = target;
      return answers.object(await registry.update(kind, refOf(target), object, context, subresource));
    },
    patch: async (request, target) => {
      if (mediaTypeOf(request.headers['content-type']) === APPLY_TYPE) return apply(options, request, target);
      const answers = answersFor(request, target, clock);
      const { patch, context } = await readPatch(request, target);
      const { kind, subresource } = target;
      return answers.object(await registry.patch(kind, refOf(target), patch, context, subresource));
    },
    delete: (request, target) => deleteOne(options, request, target),
    deletecollection: (request, target) => deleteCollection(options, request, target),
  };
};

/** The request's body as an object of the target's kind, and the context that it is written in. */
const readObject = async (
  request: ApiRequest,
  target: Target,
  options: 'CreateOptions' | 'UpdateOptions',
): Promise<{ readonly object: DecodedBody['object']; readonly context: RequestContext }> => {
  const validation = parseFieldValidation(request.query.get('fieldValidation'), options);
  const { object, decodingErrors } = await decodeBody(await request.body(), {
    contentType: request.headers['content-type'],
    expected: bodyTypeOf(target),
    findsDuplicates: validation !== 'Ignore',
  });
  return { object, context: requestContext(request, options, decodingErrors) };
};

const bodyTypeOf = ({ kind, subresource }: Target): ExpectedType =>
  subresource === 'scale'
    ? { apiVersion: 'autoscaling/v1', kind: 'Scale' }
    : { apiVersion: apiVersionOf(kind.resource), kind: kind.resource.kind };

const APPLY_TYPE = 'application/apply-patch+yaml';
const STRATEGIC = 'application/strategic-merge-patch+json';
const PATCH_TYPES: readonly PatchType[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  STRATEGIC,
];

/** They go by facts that only Go's types of the API have. */
const hasStrategicPatches = ({ shape }: Kind): boolean => !shape || shape.root !== undefined;

const readPatch = async (request: ApiRequest, { kind }: Target) => {
  const types = PATCH_TYPES.filter((type) => type !== STRATEGIC || hasStrategicPatches(kind));
  const type = types.find((each) => each === mediaTypeOf(request.headers['content-type']));
  if (!type) throw unsupportedMediaType([...types, APPLY_TYPE].join(', '));
  checkNotForced(request.query);
  const validation = parseFieldValidation(request.query.get('fieldValidation'), 'PatchOptions');
  const text = (await request.body()).toString('utf8');
  const patch = { type, body: parseJson(text) };
  const decodingErrors = validation === 'Ignore' ? [] : duplicateFields(text);
  return { patch, context: requestContext(request, 'PatchOptions', decodingErrors) };
};

const apply = async (
  { registry, clock }: WriteOptions,
  request: ApiRequest,
  target: Target,
): Promise<Answer> => {
  const answers = answersFor(request, target, clock);
  const isForced = parseForce(request.query);
  const config = await readConfig(request);
  const context = requestContext(request, 'PatchOptions');
  if (!isThere(registry, target))
    demand(registry.access, request.user, { ...attributesOf(target), verb: 'create' });
  const { kind, subresource } = target;
  const applied = await registry.apply(kind, refOf(target), { config, isForced }, context, subresource);
  return answers.object(applied.object, applied.isNew ? 201 : 200);
};

/** An apply may create: then it needs the right to. */
const isThere = (registry: Registry, target: Target): boolean => {
  try {
    return registry.get(target.kind, refOf(target)) !== undefined;
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'NotFound') return false;
    throw error;
  }
};

const attributesOf = ({ kind: { resource }, name, namespace, subresource }: Target) => ({
  kind: 'resource' as const,
  group: resource.group,
  version: resource.version,
  resource: resource.resource,
  subresource,
  name,
  namespace,
});

const deleteOne = async (
  { registry, clock }: WriteOptions,
  request: ApiRequest,
  target: Target,
): Promise<Answer> => {
  const answers = answersFor(request, target, clock);
  const { options, dryRun } = await readDeleteOptions(request);
  const context = { ...requestContext(request, 'DeleteOptions'), dryRun };
  const result = await registry.delete(target.kind, refOf(target), options, context);
  return result.gone
    ? encodedAnswer(answers.encoding, 200, deletedStatus(target.kind, result))
    : answers.object(result.object);
};

const deleteCollection = async (
  { registry, clock }: WriteOptions,
  request: ApiRequest,
  target: Target,
): Promise<Answer> => {
  const answers = answersFor(request, target, clock);
  const { options, dryRun } = await readDeleteOptions(request);
  const context = { ...requestContext(request, 'DeleteOptions'), dryRun };
  const selection = parseSelection(request.query, target.namespace);
  const items = await registry.deleteCollection(target.kind, selection, options, context);
  return answers.list({ resourceVersion: registry.revision(), items });
};

const deletedStatus = ({ resource }: Kind, { object }: DeleteResult): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details: {
    name: object.metadata.name,
    ...(resource.group ? { group: resource.group } : {}),
    kind: resource.resource,
    uid: object.metadata.uid,
  },
});
