// What CEL knows of the data behind a variable: its type, and how large it can get (k8s.io/apiserver/pkg/cel/common/schemas.go).
import { BOOL, BYTES, DOUBLE, DURATION, DYN, INT, STRING, TIMESTAMP, listOf, mapOf } from '../types/type.ts';
import type { CelType } from '../types/type.ts';
import { escapeName } from './escape.ts';
import { valueSchema, withObjectMeta } from './schema.ts';
import type { Schema } from './schema.ts';

export type Declaration = {
  readonly type: CelType;
  /** Most characters, bytes, elements or entries. */
  readonly maxSize: number;
  /** Fewest bytes as JSON: what bounds how often it can occur in a request. */
  readonly minBytes: number;
  readonly element?: Declaration;
  readonly fields?: ReadonlyMap<string, Declaration>;
};

/** The largest request that is served, as far as costs are concerned. */
export const MAX_REQUEST_BYTES = 3 * 1024 * 1024;
const MAX_TIME_BYTES = 32;

/** Where kube-apiserver knows no size it counts with 0: CRDs are accepted or refused by that. */
const simple = (type: CelType, minBytes: number, maxSize = 0): Declaration => ({ type, minBytes, maxSize });

const BOOLEAN = simple(BOOL, 4);
const NUMBER = simple(DOUBLE, 1);
const INTEGER = simple(INT, 1);
/** A key of a map. */
export const KEY = simple(STRING, 2);

/**
 * Undefined where a schema says nothing that CEL could rely on: no type, or x-kubernetes-preserve-unknown-fields alone.
 * `name` is how messages call an object's type; `isResource` for the root of a resource. O(schema).
 */
export const declarationOf = (schema: Schema, name: string, isResource: boolean): Declaration | undefined => {
  if (schema['x-kubernetes-int-or-string']) {
    return simple(
      DYN,
      1,
      schema.maxLength === undefined ? MAX_REQUEST_BYTES - 2 : characters(schema.maxLength),
    );
  }
  switch (schema.type ?? '') {
    case 'array':
      return listDeclaration(schema, name);
    case 'object':
      return objectDeclaration(isResource ? withObjectMeta(schema) : schema, name);
    case 'string':
      return textDeclaration(schema);
    case 'boolean':
      return BOOLEAN;
    case 'number':
      return NUMBER;
    case 'integer':
      return INTEGER;
    default:
      return undefined;
  }
};

/** The declaration of something within a schema: embedded resources have fields of their own. */
const declarationWithin = (schema: Schema, name: string): Declaration | undefined =>
  declarationOf(schema, name, schema['x-kubernetes-embedded-resource'] ?? false);

const listDeclaration = ({ items, maxItems }: Schema, name: string): Declaration | undefined => {
  const element = items && declarationWithin(items, `${name}.@idx`);
  if (!element) return undefined;
  const maxSize = maxItems ?? Math.floor((MAX_REQUEST_BYTES - 2) / (element.minBytes + 1));
  return { type: listOf(element.type), minBytes: 2, maxSize, element };
};

const objectDeclaration = (schema: Schema, name: string): Declaration | undefined => {
  const values = valueSchema(schema);
  if (!values) return structDeclaration(schema, name);
  const element = declarationWithin(values, `${name}.@elem`);
  if (!element) return undefined;
  const maxSize = schema.maxProperties ?? Math.floor((MAX_REQUEST_BYTES - 2) / (element.minBytes + 6));
  return { type: mapOf(STRING, element.type), minBytes: 2, maxSize, element };
};

const structDeclaration = ({ properties = {}, required = [] }: Schema, name: string): Declaration => {
  const fields = new Map<string, Declaration>();
  let minBytes = 2;
  for (const [property, schema] of Object.entries(properties)) {
    const field = declarationWithin(schema, `${name}.${property}`);
    const identifier = escapeName(property);
    if (field && identifier !== undefined) fields.set(identifier, field);
    const isSent = required.includes(property) && schema.default === undefined;
    if (field && isSent) minBytes += property.length + field.minBytes + 4;
  }
  const types = new Map([...fields].map(([field, { type }]) => [field, type]));
  return { type: { kind: 'object', name, fields: types }, minBytes, maxSize: 0, fields };
};

const textDeclaration = ({ format, maxLength, enum: values }: Schema): Declaration => {
  switch (format ?? '') {
    case 'byte':
      return simple(BYTES, 2, maxLength ?? MAX_REQUEST_BYTES - 2);
    case 'duration':
      return simple(DURATION, 3, MAX_TIME_BYTES);
    case 'date':
      return simple(TIMESTAMP, 12, 12);
    case 'date-time':
      return simple(TIMESTAMP, 21, MAX_TIME_BYTES);
    default:
      if (maxLength !== undefined) return simple(STRING, 2, characters(maxLength));
      return simple(STRING, 2, values?.length ? longest(values) : MAX_REQUEST_BYTES - 2);
  }
};

/** Lengths are in characters, sizes in bytes: up to four for each. */
const characters = (maxLength: number): number => Math.max(0, maxLength) * 4;

const longest = (values: readonly unknown[]): number =>
  Math.max(0, ...values.map((value) => (typeof value === 'string' ? value.length : 0)));
