// JSON as CEL's values, guided by a schema; converted as far as an expression looks (k8s.io/apiserver/pkg/cel/common/valuesunstructured.go).
import { parseDate, parseDuration, parseTimestamp } from '../values/time.ts';
import { ATOMIC, CelError } from '../values/value.ts';
import type { CelMap, List, ListSemantics, Value } from '../values/value.ts';
import { escapeName, unescapeName } from './escape.ts';
import { valueSchema, withObjectMeta } from './schema.ts';
import type { Schema } from './schema.ts';

type Json = unknown;
type JsonObject = Readonly<Record<string, Json>>;

/** The value of JSON under its schema. Throws CelError where the data are not what the schema says. */
export const typedValue = (json: Json, schema: Schema): Value => {
  if (json === null || json === undefined) {
    if (schema.nullable) return null;
    throw new CelError('invalid data, got null for schema with nullable=false');
  }
  if (schema['x-kubernetes-int-or-string']) return intOrString(json);
  switch (schema.type ?? '') {
    case 'object':
      return objectValue(json, schema);
    case 'array':
      return listValue(json, schema);
    case 'string':
      return textValue(json, schema.format);
    case 'number':
      return typeof json === 'number' ? json : mismatch('float', json);
    case 'integer':
      return isInteger(json) ? BigInt(json) : mismatch('int', json);
    case 'boolean':
      return typeof json === 'boolean' ? json : mismatch('bool', json);
    default:
      if (schema['x-kubernetes-preserve-unknown-fields']) return untypedValue(json);
      throw new CelError(
        `invalid type, expected object, array, number, integer, boolean or string, got ${schema.type ?? ''}`,
      );
  }
};

/** The value of JSON without a schema: whole numbers are ints. */
export const untypedValue = (json: Json): Value => {
  if (typeof json === 'number') return Number.isInteger(json) ? BigInt(json) : json;
  if (typeof json === 'string' || typeof json === 'boolean' || typeof json === 'bigint') return json;
  if (json === null || json === undefined) return null;
  return Array.isArray(json) ? new JsonList(json, untypedValue, ATOMIC) : new UntypedMap(json as JsonObject);
};

const mismatch = (expected: string, json: Json): never => {
  const actual = json === null ? 'null' : Array.isArray(json) ? 'array' : typeof json;
  throw new CelError(`invalid data, expected ${expected}, got ${actual}`);
};

const isInteger = (json: Json): json is number | bigint => typeof json === 'bigint' || Number.isInteger(json);

const isObject = (json: Json): json is JsonObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

const intOrString = (json: Json): Value => {
  if (typeof json === 'string') return json;
  if (isInteger(json)) return BigInt(json);
  throw new CelError('invalid data, expected XIntOrString value to be either a string or integer');
};

const textValue = (json: Json, format: string | undefined): Value => {
  if (typeof json !== 'string') return mismatch('string', json);
  switch (format ?? '') {
    case 'duration':
      return parseDuration(json) ?? malformed('duration', json);
    case 'date':
      return parseDate(json) ?? malformed('date', json);
    case 'date-time':
      return parseTimestamp(json) ?? malformed('date-time', json);
    case 'byte':
      return Buffer.from(json, 'base64');
    default:
      return json;
  }
};

const malformed = (format: string, text: string): never => {
  throw new CelError(`Invalid ${format} formatted string ${text}`);
};

const listValue = (json: Json, schema: Schema): Value => {
  const { items } = schema;
  if (!Array.isArray(json)) return mismatch('an array for the provided schema with type=array', json);
  if (!items) throw new CelError('invalid array type, expected Items with a non-empty Schema');
  return new JsonList(json, (element) => typedValue(element, items), semanticsOf(schema));
};

/** Map lists are compared by their keys, sets as sets. */
const semanticsOf = (schema: Schema): ListSemantics => {
  switch (schema['x-kubernetes-list-type'] ?? '') {
    case 'set':
      return { kind: 'set' };
    case 'map': {
      const keys = schema['x-kubernetes-list-map-keys'] ?? [];
      return { kind: 'map', keys: keys.map((key) => escapeName(key) ?? key) };
    }
    default:
      return ATOMIC;
  }
};

const objectValue = (json: Json, schema: Schema): Value => {
  if (!isObject(json)) return mismatch('a map for the provided schema with type=object', json);
  if (schema['x-kubernetes-embedded-resource'])
    return new StructView(json, withObjectMeta(schema).properties!);
  if (schema.properties) return new StructView(json, schema.properties);
  return new MapView(json, valueSchema(schema));
};

class JsonList implements List {
  readonly isList = true;
  readonly semantics: ListSemantics;
  readonly #json: readonly Json[];
  readonly #convert: (json: Json) => Value;
  constructor(json: readonly Json[], convert: (json: Json) => Value, semantics: ListSemantics) {
    this.#json = json;
    this.#convert = convert;
    this.semantics = semantics;
  }
  get size(): number {
    return this.#json.length;
  }
  at(index: number): Value {
    return this.#convert(this.#json[index]);
  }
}

/** An object with fields: identifiers are escaped, and a null field counts as absent. */
class StructView implements CelMap {
  readonly isMap = true;
  readonly #json: JsonObject;
  readonly #fields: Readonly<Record<string, Schema>>;
  constructor(json: JsonObject, fields: Readonly<Record<string, Schema>>) {
    this.#json = json;
    this.#fields = fields;
  }
  get size(): number {
    return Object.keys(this.#json).length;
  }
  find(key: Value): Value | undefined {
    if (typeof key !== 'string') throw new CelError('no such overload');
    const property = key.includes('__') ? unescapeName(key) : key;
    if (!Object.hasOwn(this.#json, property) || !Object.hasOwn(this.#fields, property)) return undefined;
    const json = this.#json[property];
    return json === null || json === undefined ? undefined : typedValue(json, this.#fields[property]!);
  }
  keys(): readonly Value[] {
    const known = Object.keys(this.#json).filter((property) => Object.hasOwn(this.#fields, property));
    return known.map((property) => escapeName(property) ?? property);
  }
}

/** An object with additionalProperties; without a schema for them it has none that CEL sees. */
class MapView implements CelMap {
  readonly isMap = true;
  readonly #json: JsonObject;
  readonly #values: Schema | undefined;
  constructor(json: JsonObject, values: Schema | undefined) {
    this.#json = json;
    this.#values = values;
  }
  get size(): number {
    return Object.keys(this.#json).length;
  }
  find(key: Value): Value | undefined {
    if (typeof key !== 'string') throw new CelError('no such overload');
    if (!this.#values || !Object.hasOwn(this.#json, key)) return undefined;
    return typedValue(this.#json[key], this.#values);
  }
  keys(): readonly Value[] {
    return this.#values ? Object.keys(this.#json) : [];
  }
}

class UntypedMap implements CelMap {
  readonly isMap = true;
  readonly #json: JsonObject;
  constructor(json: JsonObject) {
    this.#json = json;
  }
  get size(): number {
    return Object.keys(this.#json).length;
  }
  find(key: Value): Value | undefined {
    return typeof key === 'string' && Object.hasOwn(this.#json, key)
      ? untypedValue(this.#json[key])
      : undefined;
  }
  keys(): readonly Value[] {
    return Object.keys(this.#json);
  }
}
