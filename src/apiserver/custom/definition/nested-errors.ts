// What stands within allOf, anyOf, oneOf and not may restrict values and nothing else.
// Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/validation.go, validateNestedValueValidation.
import type { FieldError } from '../../../k8s/field-error.ts';
import { forbidden, invalid } from '../../../k8s/field-errors.ts';
import { compilePattern } from '../../../lang/re2.ts';
import type { Schema } from '../structural/schema.ts';

const FORBIDDEN: readonly (readonly [name: keyof Schema, complaint: string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

const isSet = (schema: Schema, name: keyof Schema): boolean => {
  const value = schema[name];
  if (name === 'default') return value !== undefined;
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
};

export const nestedErrors = (schema: Schema, path: string): readonly FieldError[] => {
  const { items, properties = {}, allOf = [], anyOf = [], oneOf = [], not, pattern } = schema;
  const each = (name: string, schemas: readonly Schema[]): readonly FieldError[] =>
    schemas.flatMap((nested, index) => nestedErrors(nested, `${path}.${name}[${index}]`));
  const compiled = pattern ? compilePattern(pattern) : undefined;
  return [
    ...each('anyOf', anyOf),
    ...each('allOf', allOf),
    ...each('oneOf', oneOf),
    ...(not ? nestedErrors(not, `${path}.not`) : []),
    ...(compiled && !compiled.ok
      ? [
          invalid(
            `${path}.pattern`,
            pattern,
            `must be a valid regular expression, but isn't: ${compiled.problem}`,
          ),
        ]
      : []),
    ...(items ? nestedErrors(items, `${path}.items`) : []),
    ...Object.entries(properties).flatMap(([name, nested]) =>
      nestedErrors(nested, `${path}.properties[${name}]`),
    ),
    ...FORBIDDEN.filter(([name]) => isSet(schema, name)).map(([name, complaint]) =>
      forbidden(`${path}.${name}`, complaint),
    ),
    ...(Object.hasOwn(properties, 'metadata')
      ? [forbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context')]
      : []),
  ];
};
