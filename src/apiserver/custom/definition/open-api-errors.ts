// What OpenAPI has and definitions may not use, and what Kubernetes' extensions may be.
// Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go,
// ValidateCustomResourceDefinitionOpenAPISchema.
import type { FieldError } from '../../../k8s/field-error.ts';
import { forbidden, invalid, notSupported } from '../../../k8s/field-errors.ts';
import { META_FIELDS, additionalSchema } from '../structural/schema.ts';
import type { Schema } from '../structural/schema.ts';
import { listErrors } from './list-errors.ts';

/** Where a schema stands: why there may be no default, and whether it is about metadata. */
type Place = { readonly path: string; readonly noDefault: string | undefined; readonly isMeta: boolean };

export const openApiErrors = (schema: Schema, path: string): readonly FieldError[] =>
  errorsOf(schema, { path, noDefault: undefined, isMeta: false }, true);

const errorsOf = (schema: Schema, place: Place, isRoot = false): readonly FieldError[] => [
  ...ownErrors(schema, place),
  ...childrenOf(schema, place, isRoot).flatMap(([child, at]) => errorsOf(child, at)),
  ...extensionErrors(schema, place.path),
  ...listErrors(schema, place.path),
];

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const UNSUPPORTED = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'];

const ownErrors = (schema: Schema, { path, noDefault, isMeta }: Place): readonly FieldError[] => {
  const { type } = schema;
  const raw = schema as Readonly<Record<string, unknown>>;
  return [
    ...(type && !TYPES.includes(type) ? [notSupported(`${path}.type`, type, TYPES)] : []),
    ...(schema.default !== undefined && noDefault !== undefined
      ? [forbidden(`${path}.default`, `must not be set ${noDefault}`)]
      : []),
    ...UNSUPPORTED.filter((name) => raw[name]).map((name) =>
      forbidden(`${path}.${name}`, `${name} is not supported`),
    ),
    ...(type === 'null'
      ? [forbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative')]
      : []),
    ...(isMeta && schema['x-kubernetes-embedded-resource']
      ? [forbidden(`${path}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta')]
      : []),
    ...(schema.uniqueItems
      ? [
          forbidden(
            `${path}.uniqueItems`,
            'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
          ),
        ]
      : []),
    ...(schema.additionalProperties !== undefined &&
    schema.additionalProperties !== true &&
    Object.keys(schema.properties ?? {}).length > 0
      ? [
          forbidden(
            `${path}.additionalProperties`,
            'additionalProperties and properties are mutual exclusive',
          ),
        ]
      : []),
  ];
};

const childrenOf = (schema: Schema, place: Place, isRoot: boolean): readonly (readonly [Schema, Place])[] => {
  const { path, isMeta } = place;
  const others = additionalSchema(schema);
  const noDefault = isMeta ? 'inside additionalProperties applying to object metadata' : place.noDefault;
  const alternatives = (['allOf', 'oneOf', 'anyOf'] as const).flatMap((name) =>
    (schema[name] ?? []).map((each, i) => [each, { ...place, path: `${path}.${name}[${i}]` }] as const),
  );
  return [
    ...(others ? [[others, { ...place, path: `${path}.additionalProperties`, noDefault }] as const] : []),
    ...Object.entries(schema.properties ?? {}).map(
      ([name, each]) => [each, propertyPlace(schema, place, name, isRoot)] as const,
    ),
    ...(schema.not ? [[schema.not, { ...place, path: `${path}.not` }] as const] : []),
    ...alternatives,
    ...(schema.items ? [[schema.items, { ...place, path: `${path}.items` }] as const] : []),
  ];
};

const propertyPlace = (schema: Schema, place: Place, name: string, isRoot: boolean): Place => {
  const path = `${place.path}.properties[${name}]`;
  const isMeta = META_FIELDS.has(name) && (isRoot || schema['x-kubernetes-embedded-resource'] === true);
  if (!isMeta) return { ...place, path };
  return { path, isMeta: true, noDefault: isRoot ? `in top-level ${name}` : place.noDefault };
};

const extensionErrors = (schema: Schema, path: string): readonly FieldError[] => {
  const mapType = schema['x-kubernetes-map-type'];
  return [
    ...(schema['x-kubernetes-preserve-unknown-fields'] === false
      ? [invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined')]
      : []),
    ...(mapType !== undefined && schema.type !== 'object'
      ? [typeError(schema, path, 'must be object if x-kubernetes-map-type is specified')]
      : []),
    ...(mapType !== undefined && mapType !== 'atomic' && mapType !== 'granular'
      ? [notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular'])]
      : []),
  ];
};

const typeError = ({ type }: Schema, path: string, complaint: string): FieldError =>
  type
    ? invalid(`${path}.type`, type, complaint)
    : { type: 'FieldValueRequired', field: `${path}.type`, message: `Required value: ${complaint}` };
