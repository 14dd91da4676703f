// Whether a schema is structural: whether it says of every field what it is before anything is said of its value.
// Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema (validation.go, complete.go).
import type { FieldError } from '../../../k8s/field-error.ts';
import { forbidden, invalid, required } from '../../../k8s/field-errors.ts';
import { equalJson } from '../../../lang/json.ts';
import { ownValue } from '../../../lang/own-value.ts';
import { compilePattern } from '../../../lang/re2.ts';
import { additionalSchema } from '../structural/schema.ts';
import type { Schema } from '../structural/schema.ts';
import { metadataErrors } from './metadata-errors.ts';
import { nestedErrors } from './nested-errors.ts';

export const structuralErrors = (schema: Schema, path: string): readonly FieldError[] =>
  [...invariantErrors(schema, 'root', path), ...completenessErrors(schema, schema, path, path)].toSorted(
    (a, b) => (`${a.field}: ${a.message}` < `${b.field}: ${b.message}` ? -1 : 1),
  );

type Level = 'root' | 'item' | 'field';

const EMPTY_TYPE: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

const invariantErrors = (schema: Schema, level: Level, path: string): readonly FieldError[] => {
  const { items, properties = {} } = schema;
  const others = additionalSchema(schema);
  return [
    ...(schema.type === 'array' && !items ? [required(`${path}.items`, 'must be specified')] : []),
    ...(items ? invariantErrors(items, 'item', `${path}.items`) : []),
    ...Object.entries(properties).flatMap(([name, each]) =>
      invariantErrors(each, 'field', `${path}.properties[${name}]`),
    ),
    ...(schema.additionalProperties !== undefined && level === 'root'
      ? [forbidden(`${path}.additionalProperties`, 'must not be used at the root')]
      : []),
    ...(others ? invariantErrors(others, 'field', `${path}.additionalProperties`) : []),
    ...extensionErrors(schema, path),
    ...valueErrors(schema, path),
    ...typeErrors(schema, level, path),
    ...metadataErrors(schema, level === 'root', path),
    ...embeddedErrors(schema, path),
  ];
};

const PRESERVE = 'x-kubernetes-preserve-unknown-fields';
const EMBEDDED = 'x-kubernetes-embedded-resource';
const INT_OR_STRING = 'x-kubernetes-int-or-string';

const extensionErrors = (schema: Schema, path: string): readonly FieldError[] =>
  schema[INT_OR_STRING]
    ? [PRESERVE, EMBEDDED]
        .filter((name) => schema[name as keyof Schema])
        .map((name) => invalid(`${path}.${name}`, true, `must be false if ${INT_OR_STRING} is true`))
    : [];

const typeErrors = (schema: Schema, level: Level, path: string): readonly FieldError[] => {
  const { type = '' } = schema;
  const at = `${path}.type`;
  const isFree = schema[INT_OR_STRING] || schema[PRESERVE];
  if (schema[EMBEDDED] && type !== 'object') {
    const complaint = `must be object if ${EMBEDDED} is true`;
    return [type === '' ? required(at, complaint) : invalid(at, type, complaint)];
  }
  if (type === '' && !isFree) return [required(at, EMPTY_TYPE[level])];
  return level === 'root' && type !== '' && type !== 'object'
    ? [invalid(at, type, 'must be object at the root')]
    : [];
};

const embeddedErrors = (schema: Schema, path: string): readonly FieldError[] => {
  if (!schema[EMBEDDED]) return [];
  return [
    ...(schema.additionalProperties !== undefined
      ? [forbidden(`${path}.additionalProperties`, `must not be used if ${EMBEDDED} is set`)]
      : []),
    ...(!schema[PRESERVE] && Object.keys(schema.properties ?? {}).length === 0
      ? [required(`${path}.properties`, `must not be empty if ${EMBEDDED} is true without ${PRESERVE}`)]
      : []),
  ];
};

const EITHER: readonly Schema[] = [{ type: 'integer' }, { type: 'string' }];

// The alternatives may not say what a value is, but for the one way to write that it is a number or a text.
const valueErrors = (schema: Schema, path: string): readonly FieldError[] => {
  const { anyOf = [], allOf = [], oneOf = [], not, pattern } = schema;
  const each = (name: string, schemas: readonly Schema[]): readonly FieldError[] =>
    schemas.flatMap((nested, index) => nestedErrors(nested, `${path}.${name}[${index}]`));
  const [first, ...rest] = allOf;
  const isEitherFirst = first !== undefined && equalJson(first.anyOf, EITHER);
  const { anyOf: _either, ...others } = first ?? {};
  const all = isEitherFirst ? [others, ...rest] : allOf;
  const compiled = pattern ? compilePattern(pattern) : undefined;
  return [
    ...(equalJson(anyOf, EITHER) ? [] : each('anyOf', anyOf)),
    ...each('allOf', all),
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
  ];
};

// Whatever an alternative speaks of, the schema around it must specify.
const completenessErrors = (
  nested: Schema,
  around: Schema,
  path: string,
  nestedPath: string,
): readonly FieldError[] => {
  const { not, allOf = [], anyOf = [], oneOf = [] } = nested;
  const alternatives: readonly (readonly [Schema, string])[] = [
    ...(not ? [[not, 'not'] as const] : []),
    ...allOf.map((each, i) => [each, `allOf[${i}]`] as const),
    ...anyOf.map((each, i) => [each, `anyOf[${i}]`] as const),
    ...oneOf.map((each, i) => [each, `oneOf[${i}]`] as const),
  ];
  return alternatives.flatMap(([each, name]) => [
    ...completenessErrors(each, around, path, `${nestedPath}.${name}`),
    ...partErrors(each, around, path, `${nestedPath}.${name}`),
  ]);
};

const partErrors = (
  nested: Schema,
  around: Schema,
  path: string,
  nestedPath: string,
): readonly FieldError[] => [
  ...(nested.items ? within(nested.items, around.items, `${path}.items`, `${nestedPath}.items`) : []),
  ...Object.entries(nested.properties ?? {}).flatMap(([name, each]) => {
    const at = `.properties[${name}]`;
    return within(each, ownValue(around.properties, name), `${path}${at}`, `${nestedPath}${at}`);
  }),
];

const within = (
  nested: Schema,
  around: Schema | undefined,
  path: string,
  nestedPath: string,
): readonly FieldError[] =>
  around
    ? [
        ...completenessErrors(nested, around, path, nestedPath),
        ...partErrors(nested, around, path, nestedPath),
      ]
    : [required(path, `because it is defined in ${nestedPath}`)];
