// Lists of the types set and map, and the keys of the latter.
import type { FieldError } from '../../../k8s/field-error.ts';
import { forbidden, invalid, notSupported, required } from '../../../k8s/field-errors.ts';
import { ownValue } from '../../../lang/own-value.ts';
import type { Schema } from '../structural/schema.ts';

const LIST_TYPE = 'x-kubernetes-list-type';
const LIST_KEYS = 'x-kubernetes-list-map-keys';

export const listErrors = (schema: Schema, path: string): readonly FieldError[] => {
  const kind = schema[LIST_TYPE];
  const keys = schema[LIST_KEYS] ?? [];
  return [
    ...(kind === undefined ? [] : kindErrors(schema, kind, path)),
    ...(keys.length > 0 && kind === undefined
      ? [required(`${path}.${LIST_TYPE}`, `must be map if ${LIST_KEYS} is non-empty`)]
      : []),
    ...(keys.length > 0 && kind !== undefined && kind !== 'map'
      ? [invalid(`${path}.${LIST_TYPE}`, kind, `must be map if ${LIST_KEYS} is non-empty`)]
      : []),
    ...(kind === 'map' ? mapErrors(schema, keys, path) : []),
    ...(kind === 'map' || kind === 'set' ? itemErrors(schema, kind, keys, path) : []),
  ];
};

const kindErrors = (schema: Schema, kind: string, path: string): readonly FieldError[] => {
  const complaint = `must be array if ${LIST_TYPE} is specified`;
  const { type } = schema;
  return [
    ...(type === 'array'
      ? kind === 'set'
        ? setErrors(schema.items, path)
        : []
      : [type ? invalid(`${path}.type`, type, complaint) : required(`${path}.type`, complaint)]),
    ...(['atomic', 'set', 'map'].includes(kind)
      ? []
      : [notSupported(`${path}.${LIST_TYPE}`, kind, ['atomic', 'set', 'map'])]),
  ];
};

// What is compared as a whole must be owned as a whole.
const setErrors = (items: Schema | undefined, path: string): readonly FieldError[] => {
  const complaint = `must be atomic as item of a list with ${LIST_TYPE}=set`;
  const [listType, mapType] = [items?.[LIST_TYPE], items?.['x-kubernetes-map-type']];
  if (items?.type === 'array' && listType !== undefined && listType !== 'atomic')
    return [invalid(`${path}.items.${LIST_TYPE}`, listType, complaint)];
  return items?.type === 'object' && mapType !== 'atomic'
    ? [invalid(`${path}.items.x-kubernetes-map-type`, listType ?? null, complaint)]
    : [];
};

const mapErrors = (schema: Schema, keys: readonly string[], path: string): readonly FieldError[] => {
  const { items } = schema;
  return [
    ...(keys.length === 0
      ? [required(`${path}.${LIST_KEYS}`, `must not be empty if ${LIST_TYPE} is map`)]
      : []),
    ...(items ? [] : [required(`${path}.items`, `must have a schema if ${LIST_TYPE} is map`)]),
    ...(items && items.type !== 'object'
      ? [
          invalid(
            `${path}.items.type`,
            items.type ?? '',
            `must be object if parent array's ${LIST_TYPE} is map`,
          ),
        ]
      : []),
    ...(items?.type === 'object'
      ? keys.flatMap((key, index) => keyErrors(items, keys, key, index, path))
      : []),
  ];
};

const keyErrors = (
  items: Schema,
  keys: readonly string[],
  key: string,
  index: number,
  path: string,
): readonly FieldError[] => {
  const own = ownValue(items.properties, key);
  return [
    ...(own?.type === 'array' || own?.type === 'object'
      ? [
          invalid(
            `${path}.items.properties[${key}].type`,
            items.type,
            `must be a scalar type if parent array's ${LIST_TYPE} is map`,
          ),
        ]
      : []),
    ...(own ? [] : [invalid(`${path}.${LIST_KEYS}`, keys, 'entries must all be names of item properties')]),
    ...(keys.indexOf(key) < index
      ? [invalid(`${path}.${LIST_KEYS}`, keys, 'must not contain duplicate entries')]
      : []),
  ];
};

const itemErrors = (
  { items }: Schema,
  kind: string,
  keys: readonly string[],
  path: string,
): readonly FieldError[] => {
  if (!items) return [];
  const isRequired = (key: string): boolean => items.required?.includes(key) ?? false;
  return [
    ...(items.nullable
      ? [forbidden(`${path}.items.nullable`, `cannot be nullable when ${LIST_TYPE} is ${kind}`)]
      : []),
    ...(kind === 'map' ? keys : []).flatMap((key) => {
      const own = ownValue(items.properties, key);
      const at = `${path}.items.properties[${key}]`;
      if (!own) return [];
      return [
        ...(isRequired(key) || own.default !== undefined
          ? []
          : [
              required(
                `${at}.default`,
                `this property is in ${LIST_KEYS}, so it must have a default or be a required property`,
              ),
            ]),
        ...(own.nullable
          ? [forbidden(`${at}.nullable`, `this property is in ${LIST_KEYS}, so it cannot be nullable`)]
          : []),
      ];
    }),
  ];
};
