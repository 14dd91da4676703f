// The whole API as one OpenAPI v2 document, made of the v3 documents: for programs that know no others.
// Source: k8s.io/kube-openapi/pkg/openapiconv, k8s.io/apiextensions-apiserver/pkg/controller/openapi/v2/conversion.go.
import { KUBERNETES_VERSION } from '../../k8s/version.ts';
import { isJsonObject } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { Schema } from './schemas.ts';

type V3Document = {
  readonly paths: Readonly<Record<string, JsonObject>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

/** O(size of the documents); they are not changed. */
export const v2Document = (documents: readonly object[]): object => {
  const all = documents as readonly V3Document[];
  const definitions = Object.assign(
    {},
    ...all.map(({ components }) => components.schemas),
  ) as V3Document['components']['schemas'];
  const paths = Object.assign({}, ...all.map((document) => document.paths)) as V3Document['paths'];
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: KUBERNETES_VERSION },
    paths: mapValues(paths, pathItem),
    definitions: mapValues(definitions, schemaOf),
  };
};

const mapValues = <A, B>(object: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));

const METHODS: ReadonlySet<string> = new Set(['get', 'put', 'post', 'patch', 'delete']);

const pathItem = (item: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(item).map(([name, value]) => {
      if (METHODS.has(name)) return [name, operationOf(value as Operation)];
      return [name, name === 'parameters' ? (value as readonly Parameter[]).map(parameterOf) : value];
    }),
  );

type Content = Readonly<Record<string, { readonly schema: Schema }>>;
type Operation = {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
};
type Parameter = { readonly schema?: Schema };

// In version 2 the body is a parameter, and the types of the content are the operation's.
const operationOf = ({ parameters = [], requestBody, responses, ...rest }: Operation): JsonObject => {
  const body = requestBody && Object.values(requestBody.content)[0]?.schema;
  const answered = Object.values(responses).flatMap(({ content = {} }) => Object.keys(content));
  return {
    ...rest,
    ...(requestBody && { consumes: Object.keys(requestBody.content) }),
    produces: [...new Set(answered)],
    parameters: [
      ...parameters.map(parameterOf),
      ...(body ? [{ name: 'body', in: 'body', required: true, schema: schemaOf(body) }] : []),
    ],
    responses: mapValues(responses, ({ description, content = {} }) => {
      const [first] = Object.values(content);
      return { description, ...(first && { schema: schemaOf(first.schema) }) };
    }),
  };
};

const parameterOf = ({ schema = {}, ...rest }: Parameter): JsonObject => ({ ...rest, ...schema });

/** What version 2 cannot say is left out: alternatives, nulls, values that are one thing or another. */
const schemaOf = (schema: Schema): JsonObject => {
  const { $ref, allOf, anyOf: _anyOf, oneOf: _oneOf, not: _not, nullable, format, type, ...rest } = schema;
  const [only] = Array.isArray(allOf) ? (allOf as readonly Schema[]) : [];
  const ref = $ref ?? only?.['$ref'];
  if (typeof ref === 'string')
    return { ...describe(rest), $ref: ref.replace('#/components/schemas/', '#/definitions/') };
  if (format === 'int-or-string') return { ...rest, format, type: 'string' };
  if (rest['x-kubernetes-preserve-unknown-fields'])
    return { ...describe(rest), ...(type !== undefined && { type }) };
  return {
    ...rest,
    ...(format !== undefined && { format }),
    ...(type !== undefined && !nullable && { type }),
    ...parts(rest),
  };
};

const describe = ({ description }: Schema): JsonObject => (description === undefined ? {} : { description });

const parts = ({ properties, items, additionalProperties }: Schema): JsonObject => ({
  ...(isJsonObject(properties) && { properties: mapValues(properties as Record<string, Schema>, schemaOf) }),
  ...(isJsonObject(items) && { items: schemaOf(items) }),
  ...(isJsonObject(additionalProperties) && { additionalProperties: schemaOf(additionalProperties) }),
});
