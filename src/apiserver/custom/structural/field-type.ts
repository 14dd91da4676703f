// How the fields of a custom resource are owned. Source: k8s.io/kube-openapi/pkg/schemaconv, for the documents that
// k8s.io/apiextensions-apiserver makes of structural schemas.
import { DEDUCED } from '../../managed-fields/field-type.ts';
import type { FieldType, ListType, StructField } from '../../managed-fields/field-type.ts';
import { ownValue } from '../../../lang/own-value.ts';
import { additionalSchema } from './schema.ts';
import type { Schema } from './schema.ts';

/** Metadata is owned as everywhere. */
export const fieldTypeOf = (schema: Schema, metadata: FieldType): FieldType => {
  const scalar: FieldType = { kind: 'scalar', accepts: 'string' };
  const meta = { apiVersion: scalar, kind: scalar, metadata };
  const own = typeOf(schema);
  const fields = new Map(own.kind === 'struct' ? own.fields : []);
  for (const [name, type] of Object.entries(meta)) fields.set(name, { type, whenEmpty: 'nothing' });
  return {
    kind: 'struct',
    isAtomic: false,
    fields,
    others: own.kind === 'struct' ? own.others : DEDUCED,
  };
};

const typeOf = (schema: Schema): FieldType => {
  if (schema['x-kubernetes-int-or-string']) return { kind: 'scalar', accepts: 'any' };
  if (schema.type === 'object') return objectType(schema);
  if (schema.type === 'array') return listType(schema);
  if (schema.type === 'integer' || schema.type === 'number') return { kind: 'scalar', accepts: 'number' };
  return schema.type === 'string' || schema.type === 'boolean'
    ? { kind: 'scalar', accepts: schema.type }
    : DEDUCED;
};

const objectType = (schema: Schema): FieldType => {
  const isAtomic = schema['x-kubernetes-map-type'] === 'atomic';
  const keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const others = additionalSchema(schema);
  if (!schema.properties && others) return { kind: 'map', isAtomic, values: typeOf(others) };
  if (!schema.properties && keepsUnknown && !isAtomic) return DEDUCED;
  let fields: ReadonlyMap<string, StructField> | undefined;
  return {
    kind: 'struct',
    isAtomic,
    get fields() {
      return (fields ??= fieldsOf(schema));
    },
    others: keepsUnknown || schema.additionalProperties === true ? DEDUCED : undefined,
  };
};

const fieldsOf = ({ properties = {} }: Schema): ReadonlyMap<string, StructField> =>
  new Map(
    Object.entries(properties).map(([name, property]) => [
      name,
      { type: typeOf(property), whenEmpty: 'nothing' as const },
    ]),
  );

const listType = (schema: Schema): ListType => {
  const { items = {} } = schema;
  const kind = schema['x-kubernetes-list-type'];
  const keys = kind === 'map' ? [...(schema['x-kubernetes-list-map-keys'] ?? [])].sort() : [];
  return {
    kind: 'list',
    merges: keys.length > 0 ? 'by keys' : kind === 'set' ? 'as a set' : 'as a whole',
    keys: keys.map((name) => ({ name, byDefault: ownValue(items.properties, name)?.default })),
    items: typeOf(items),
  };
};
