// A custom resource's schema as OpenAPI v3 documents have it: with what every resource has besides.
// Source: k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder/builder.go.
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../../k8s/generated/types.ts';
import { additionalSchema } from './structural/schema.ts';
import type { Schema } from './structural/schema.ts';
import { schemaOf } from './versions.ts';

/** `com.example.v1.Foo` */
export const definitionName = (group: string, version: string, kind: string): string =>
  `${group.split('.').reverse().join('.')}.${version}.${kind}`;

const CONVENTIONS = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';

const TYPE_META = {
  apiVersion: {
    type: 'string',
    description: `APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: ${CONVENTIONS}#resources`,
  },
  kind: {
    type: 'string',
    description: `Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: ${CONVENTIONS}#types-kinds`,
  },
};

const METADATA = {
  description: `Standard object's metadata. More info: ${CONVENTIONS}#metadata`,
  allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }],
};

export const openApiSchema = (
  { spec: { group, names } }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): object => {
  const schema = schemaOf(version);
  const types = [{ group, kind: names.kind, version: version.name }];
  const fields = version.selectableFields?.map(({ jsonPath }) => ({ fieldPath: jsonPath.slice(1) }));
  return {
    type: 'object',
    ...published(schema),
    properties: { ...propertiesOf(schema), ...TYPE_META, metadata: METADATA },
    'x-kubernetes-group-version-kind': types,
    ...(fields && { 'x-kubernetes-selectable-fields': fields }),
  };
};

const published = (schema: Schema): object => {
  const { properties, items, ...rest } = schema;
  const others = additionalSchema(schema);
  return {
    ...rest,
    ...(schema['x-kubernetes-int-or-string'] && !schema.anyOf && { anyOf: INT_OR_STRING }),
    ...(properties && { properties: propertiesOf(schema) }),
    ...(items && { items: published(items) }),
    ...(others && { additionalProperties: published(others) }),
    ...(schema['x-kubernetes-embedded-resource'] && embedded(schema)),
  };
};

const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }];

const propertiesOf = ({ properties = {} }: Schema): object =>
  Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, published(property)]));

const embedded = (schema: Schema): object => ({
  properties: { ...propertiesOf(schema), ...TYPE_META, metadata: METADATA },
  required: [...new Set([...(schema.required ?? []), 'kind', 'apiVersion'])],
});
