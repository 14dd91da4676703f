// The verbs on stored kinds: reads and writes of whole objects and of their `status`.
import type { ObjectRef, PatchType } from '../../client/client.ts';
import { apiVersionOf } from '../../k8s/resources.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { Kind } from '../kind.ts';
import type { DeleteResult, Registry, Subresource } from '../registry.ts';
import { type Media, negotiate } from './accept.ts';
import { type DecodedBody, type ExpectedType, decodeBody, mediaTypeOf, parseJson } from './decode-body.ts';
import { readDeleteOptions } from './delete-options.ts';
import { duplicateFields } from './duplicate-fields.ts';
import type { EventFrames } from './event-frames.ts';
import { type Answer, type ApiRequest, jsonAnswer } from './exchange.ts';
import { notAcceptable, unsupportedMediaType } from './http-errors.ts';
import { type Presentation, parseIncludeObject, presentList, presentObject } from './presentation.ts';
import {
  parseFieldValidation,
  parseInteger,
  parseListQuery,
  parseSelection,
  parseWatchQuery,
  requestContext,
} from './request-options.ts';
import { startWatch } from './watch.ts';

export type ObjectHandlerOptions = {
  readonly registry: Registry;
  readonly frames: EventFrames;
  readonly clock: Clock;
  readonly log: Log;
};

/** A request on a kind, its path understood. */
export type Target = {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: Subresource | undefined;
};

type Handler = (request: ApiRequest, target: Target) => Answer | Promise<Answer>;

export type ObjectHandlers = Readonly<
  Record<'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection', Handler>
>;

export const createObjectHandlers = (options: ObjectHandlerOptions): ObjectHandlers => {
  const { registry, clock } = options;
  const answer = (request: ApiRequest, target: Target, object: Stored<KubeObject>, code = 200) =>
    objectAnswer(presentationOf(request, target, clock), object, code);
  return {
    get: (request, target) =>
      answer(request, target, registry.get(target.kind, refOf(target), target.subresource)),
    list: (request, target) => list(options, request, target),
    watch: (request, target) => watch(options, request, target),
    create: async (request, target) => {
      const { kind, namespace } = target;
      const { object, decodingErrors } = await readObject(request, bodyTypeOf(target), 'CreateOptions');
      const context = requestContext(request, 'CreateOptions', decodingErrors);
      return answer(request, target, await registry.create(kind, namespace, object, context), 201);
    },
    update: async (request, target) => {
      const { kind, subresource } = target;
      const { object, decodingErrors } = await readObject(request, bodyTypeOf(target), 'UpdateOptions');
      const context = requestContext(request, 'UpdateOptions', decodingErrors);
      const updated = await registry.update(kind, refOf(target), object, context, subresource);
      return answer(request, target, updated);
    },
    patch: async (request, target) => {
      const { kind, subresource } = target;
      const { patch, decodingErrors } = await readPatch(request);
      const context = requestContext(request, 'PatchOptions', decodingErrors);
      const patched = await registry.patch(kind, refOf(target), patch, context, subresource);
      return answer(request, target, patched);
    },
    delete: (request, target) => deleteOne(options, request, target),
    deletecollection: (request, target) => deleteCollection(options, request, target),
  };
};

export const refOf = (target: Pick<Target, 'name' | 'namespace'>): ObjectRef => ({
  name: target.name!,
  namespace: target.namespace,
});

type EncodedPresentation = Presentation & { readonly encoding: Media['encoding'] };

const presentationOf = (
  request: ApiRequest,
  { kind, subresource }: Target,
  clock: Clock,
): EncodedPresentation => {
  const media = negotiate(request.headers.accept);
  return {
    kind,
    encoding: media.encoding,
    form: subresource === 'scale' ? { as: 'object' } : media.form, // a Scale has no columns of its own
    includeObject: parseIncludeObject(request.query.get('includeObject')),
    nowMs: clock.now(),
  };
};

const bodyTypeOf = ({ kind, subresource }: Target): ExpectedType =>
  subresource === 'scale'
    ? { apiVersion: 'autoscaling/v1', kind: 'Scale' }
    : { apiVersion: apiVersionOf(kind.resource), kind: kind.resource.kind };

const objectAnswer = (
  presentation: EncodedPresentation,
  object: Stored<KubeObject>,
  code: number,
): Promise<Answer> | Answer => encoded(presentation.encoding, presentObject(presentation, object), code);

/** YAML is for people who ask with curl; its package is loaded when the first one does. */
const encoded = (encoding: Media['encoding'], body: object, code = 200): Promise<Answer> | Answer =>
  encoding === 'json' ? jsonAnswer(code, body) : yamlAnswer(code, body);

const yamlAnswer = async (code: number, body: object): Promise<Answer> => {
  const { stringify } = await import('yaml');
  return { kind: 'document', code, contentType: 'application/yaml', body: stringify(body) };
};

const list = (
  { registry, clock }: ObjectHandlerOptions,
  request: ApiRequest,
  target: Target,
): Answer | Promise<Answer> => {
  const { kind, namespace } = target;
  const presentation = presentationOf(request, target, clock);
  const page = registry.list(kind, parseListQuery(request.query, namespace));
  return encoded(presentation.encoding, presentList(presentation, page));
};

const watch = (options: ObjectHandlerOptions, request: ApiRequest, target: Target): Answer => {
  const presentation = presentationOf(request, target, options.clock);
  if (presentation.encoding !== 'json') throw notAcceptable();
  return startWatch({
    ...options,
    presentation,
    query: parseWatchQuery(request.query, target.namespace),
    timeoutSeconds: parseInteger(request.query, 'timeoutSeconds'),
  });
};

const readObject = async (
  request: ApiRequest,
  expected: ExpectedType,
  options: 'CreateOptions' | 'UpdateOptions',
): Promise<DecodedBody> =>
  decodeBody(await request.body(), {
    contentType: request.headers['content-type'],
    expected,
    findsDuplicates: parseFieldValidation(request.query.get('fieldValidation'), options) !== 'Ignore',
  });

const PATCH_TYPES: readonly PatchType[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

const readPatch = async (request: ApiRequest) => {
  const type = PATCH_TYPES.find((each) => each === mediaTypeOf(request.headers['content-type']));
  if (!type) throw unsupportedMediaType(PATCH_TYPES.join(', '));
  const text = (await request.body()).toString('utf8');
  const validation = parseFieldValidation(request.query.get('fieldValidation'), 'PatchOptions');
  const body = parseJson(text);
  return {
    patch: { type, body },
    decodingErrors: validation === 'Ignore' ? [] : duplicateFields(text),
  };
};

const deleteOne = async (
  { registry, clock }: ObjectHandlerOptions,
  request: ApiRequest,
  target: Target,
): Promise<Answer> => {
  const { kind } = target;
  const { options, dryRun } = await readDeleteOptions(request);
  const context = { ...requestContext(request, 'DeleteOptions'), dryRun };
  const result = await registry.delete(kind, refOf(target), options, context);
  return result.gone
    ? jsonAnswer(200, deletedStatus(kind, result))
    : objectAnswer(presentationOf(request, target, clock), result.object, 200);
};

const deleteCollection = async (
  { registry, clock }: ObjectHandlerOptions,
  request: ApiRequest,
  target: Target,
): Promise<Answer> => {
  const { kind, namespace } = target;
  const { options, dryRun } = await readDeleteOptions(request);
  const context = { ...requestContext(request, 'DeleteOptions'), dryRun };
  const selection = parseSelection(request.query, namespace);
  const items = await registry.deleteCollection(kind, selection, options, context);
  const presentation = presentationOf(request, target, clock);
  const page = { resourceVersion: registry.revision(), items };
  return encoded(presentation.encoding, presentList(presentation, page));
};

const deletedStatus = (kind: Kind, { object }: DeleteResult): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details: {
    name: object.metadata.name,
    ...(kind.resource.group ? { group: kind.resource.group } : {}),
    kind: kind.resource.resource,
    uid: object.metadata.uid,
  },
});
