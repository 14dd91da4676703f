// The variables of expressions in admission: their types, and their values for a request
// (k8s.io/apiserver/pkg/admission/plugin/cel: compile.go, activation.go, condition.go; 1.37).
import { environment } from '../../../cel/environment.ts';
import { withPatches } from '../../../cel/mutation.ts';
import type { Environment } from '../../../cel/environment.ts';
import {
  AUTHORIZER_TYPE,
  RESOURCE_CHECK_TYPE,
  authorizerValue,
  requestResourceValue,
} from '../../../cel/functions/authorizer.ts';
import type { Authorize } from '../../../cel/functions/authorizer.ts';
import { declarationOf } from '../../../cel/schema/declaration.ts';
import { typedValue, untypedValue } from '../../../cel/schema/json-value.ts';
import type { Schema } from '../../../cel/schema/schema.ts';
import { DYN, listOf } from '../../../cel/types/type.ts';
import type { CelType } from '../../../cel/types/type.ts';
import type { CelMap, Value } from '../../../cel/values/value.ts';
import type { Namespace } from '../../../k8s/generated/types.ts';
import type { Stored } from '../../../k8s/objects.ts';
import type { AdmissionRequest } from '../admission.ts';
import { requestJson } from '../request-json.ts';
import type { Matched } from '../request-json.ts';

const TEXT: Schema = { type: 'string' };
const TEXTS: Schema = { type: 'array', items: TEXT };
const TIME: Schema = { type: 'string', format: 'date-time' };
const INTEGER: Schema = { type: 'integer' };

const object = (properties: Readonly<Record<string, Schema>>): Schema => ({ type: 'object', properties });
const mapOf = (values: Schema): Schema => ({ type: 'object', additionalProperties: values });

const TYPE = object({ group: TEXT, version: TEXT, kind: TEXT });
const RESOURCE = object({ group: TEXT, version: TEXT, resource: TEXT });

const REQUEST = object({
  kind: TYPE,
  resource: RESOURCE,
  subResource: TEXT,
  requestKind: TYPE,
  requestResource: RESOURCE,
  requestSubResource: TEXT,
  name: TEXT,
  namespace: TEXT,
  operation: TEXT,
  userInfo: object({ username: TEXT, uid: TEXT, groups: TEXTS, extra: mapOf(TEXTS) }),
  dryRun: { type: 'boolean' },
});

const NAMESPACE = object({
  metadata: object({
    name: TEXT,
    generateName: TEXT,
    namespace: TEXT,
    labels: mapOf(TEXT),
    annotations: mapOf(TEXT),
    UID: TEXT,
    creationTimestamp: TIME,
    deletionGracePeriodSeconds: INTEGER,
    deletionTimestamp: TIME,
    generation: INTEGER,
    resourceVersion: TEXT,
    finalizers: TEXTS,
  }),
  spec: object({ finalizers: TEXTS }),
  status: object({
    phase: TEXT,
    conditions: {
      type: 'array',
      items: object({ status: TEXT, type: TEXT, lastTransitionTime: TIME, message: TEXT, reason: TEXT }),
    },
  }),
});

/** As declarationOf, but for names: `request.namespace` is written as it is, although `namespace` is a reserved word. */
const typeOf = (schema: Schema, name: string): CelType => {
  if (schema.items) return listOf(typeOf(schema.items, `${name}.@idx`));
  if (!schema.properties) return declarationOf(schema, name, false)!.type;
  const fields = Object.entries(schema.properties).map(
    ([field, type]) => [field, typeOf(type, `${name}.${field}`)] as const,
  );
  return { kind: 'object', name, fields: new Map(fields) };
};

/** The request's options are not looked into. */
const REQUEST_TYPE = typeOf(REQUEST, 'kubernetes.AdmissionRequest');
const NAMESPACE_TYPE = typeOf(NAMESPACE, 'kubernetes.Namespace');

export type Scope = {
  /** What objects are assumed to be; undefined: anything. */
  readonly object?: CelType | undefined;
  readonly hasParams: boolean;
  /** Messages are made without asking what the user may do. */
  readonly hasAuthorizer: boolean;
  /** Variables of the policy so far, by name; undefined where there are none (match conditions of webhooks). */
  readonly composed: ReadonlyMap<string, CelType> | undefined;
  /** It makes patches. */
  readonly hasPatches?: boolean;
};

/** What expressions may use in such a place. */
export const admissionEnvironment = ({
  object: objectType = DYN,
  hasParams,
  hasAuthorizer,
  composed,
  hasPatches = false,
}: Scope): Environment => {
  const admission = environment({
    object: objectType,
    oldObject: objectType,
    request: REQUEST_TYPE,
    namespaceObject: NAMESPACE_TYPE,
    ...(hasParams && { params: DYN }),
    ...(hasAuthorizer && {
      authorizer: AUTHORIZER_TYPE,
      'authorizer.requestResource': RESOURCE_CHECK_TYPE,
    }),
    ...(composed && {
      variables: { kind: 'object', name: 'kubernetes.variables', fields: composed } as CelType,
    }),
  });
  return hasPatches ? withPatches(admission) : admission;
};

export type Inputs = {
  readonly request: AdmissionRequest;
  readonly matched: Matched;
  readonly namespace: Stored<Namespace> | undefined;
  /** Undefined: no parameter, null for expressions. */
  readonly params: object | undefined;
  readonly authorize: Authorize;
  /** Undefined where a policy has none. */
  readonly variables: CelMap | undefined;
};

/** The values of the variables; each is made when an expression first asks for it. */
export const admissionValues = (inputs: Inputs): object => {
  const { request, namespace, params, authorize, variables } = inputs;
  const values = {
    object: () => untypedValue(request.object),
    oldObject: () => untypedValue(request.before),
    request: () => typedValue(requestJson(request, inputs.matched), REQUEST),
    namespaceObject: () => (namespace ? typedValue(namespace, NAMESPACE) : null),
    params: () => untypedValue(params),
    authorizer: () => authorizerValue(authorize),
    'authorizer.requestResource': () => requestResourceValue(authorize, resourceOf(request)),
    variables: () => variables ?? null,
  };
  return lazily(values);
};

const lazily = (makers: Readonly<Record<string, () => Value>>): object => {
  const values = {};
  for (const [name, make] of Object.entries(makers)) {
    let made: Value | undefined;
    Object.defineProperty(values, name, { get: () => (made ??= make()) });
  }
  return values;
};

const resourceOf = ({ kind: { resource }, subresource, namespace, name }: AdmissionRequest) => ({
  group: resource.group,
  resource: resource.resource,
  subresource,
  namespace,
  name,
});
