// Reads a JSON value as the Go type that its schema stands for: copies what the schema knows, leaves out and lists what it
// does not know, and stops at a value of the wrong type. Messages: encoding/json and sigs.k8s.io/json.
import { cloneJson, isJsonObject, setMember } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import { goScalarType, jsonTypeOf, readScalar, zeroScalar } from './scalars.ts';
import type { Field, ObjectNode, SchemaNode } from './schema.ts';

/** A value that Go could not have put into its struct. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

export type Decoded = {
  /** A copy: shares nothing with the input. */
  readonly object: JsonObject;
  /** `unknown field "spec.containers[0].imagee"`, in the order in which they stand. */
  readonly unknownFields: readonly string[];
};

/** Throws DecodeError. O(size of the value). */
export const decode = (root: ObjectNode, value: unknown): Decoded => {
  const unknownFields: string[] = [];
  const object = decodeNode(root, value, { path: '', struct: '', unknownFields });
  return { object: object as JsonObject, unknownFields };
};

/** Where the walk stands. */
type Place = {
  /** `spec.containers[0]` */
  readonly path: string;
  /** The Go struct that the value is a member of. */
  readonly struct: string;
  readonly unknownFields: string[];
};

const decodeNode = (node: SchemaNode, value: unknown, place: Place): unknown => {
  if (node.kind === 'object') return decodeObject(node, value, place);
  if (node.kind === 'map') return decodeMap(node, value, place);
  if (node.kind === 'list') return decodeList(node, value, place);
  if (node.kind === 'objectOrBoolean')
    return typeof value === 'boolean' ? value : decodeNode(node.object, value, place);
  if (node.kind === 'any') return cloneJson(value);
  const reading = readScalar(node.kind, value);
  if (reading.kind === 'value') return reading.value;
  if (reading.kind === 'malformed') throw new DecodeError(reading.message);
  throw wrongType(reading.found, reading.wanted, place);
};

const decodeObject = (node: ObjectNode, value: unknown, place: Place): JsonObject => {
  if (!isJsonObject(value)) throw wrongType(jsonTypeOf(value), goType(node), place);
  const object: JsonObject = {};
  for (const name of Object.keys(value)) {
    const path = place.path === '' ? name : `${place.path}.${name}`;
    const [field, member] = [node.fields.get(name), value[name]];
    if (!field) place.unknownFields.push(`unknown field "${path}"`);
    else if (member !== null && member !== undefined)
      addMember(object, name, field, decodeNode(field.node, member, { ...place, path, struct: node.name }));
  }
  return object;
};

// Go leaves out empty maps and lists (`omitempty`); the members that it keeps are the required ones.
const addMember = (object: JsonObject, name: string, { node, isRequired }: Field, member: unknown): void => {
  if (!isRequired && isEmptyCollection(node, member)) return;
  object[name] = member;
};

const isEmptyCollection = ({ kind }: SchemaNode, value: unknown): boolean =>
  (kind === 'list' && (value as readonly unknown[]).length === 0) ||
  (kind === 'map' && Object.keys(value as JsonObject).length === 0);

const decodeMap = (node: SchemaNode & { readonly kind: 'map' }, value: unknown, place: Place): JsonObject => {
  if (!isJsonObject(value)) throw wrongType(jsonTypeOf(value), goType(node), place);
  const map: JsonObject = {};
  for (const key of Object.keys(value)) {
    if (value[key] === undefined) continue;
    setMember(map, key, decodeItem(node.values, value[key], { ...place, path: `${place.path}.${key}` }));
  }
  return map;
};

const decodeList = (
  node: SchemaNode & { readonly kind: 'list' },
  value: unknown,
  place: Place,
): unknown[] => {
  if (!Array.isArray(value)) throw wrongType(jsonTypeOf(value), goType(node), place);
  return value.map((item, index) =>
    decodeItem(node.items, item, { ...place, path: `${place.path}[${index}]` }),
  );
};

// A null in a list or map is Go's zero value of the type.
const decodeItem = (node: SchemaNode, item: unknown, place: Place): unknown => {
  if (item !== null && item !== undefined) return decodeNode(node, item, place);
  if (node.kind === 'list') return [];
  const isObject = node.kind === 'object' || node.kind === 'map' || node.kind === 'objectOrBoolean';
  return isObject ? {} : zeroScalar(node.kind);
};

const goType = (node: SchemaNode): string => {
  if (node.kind === 'object') return `v1.${node.name}`;
  if (node.kind === 'objectOrBoolean') return goType(node.object);
  if (node.kind === 'map') return `map[string]${goType(node.values)}`;
  return node.kind === 'list' ? `[]${goType(node.items)}` : goScalarType(node.kind);
};

const wrongType = (found: string, wanted: string, { path, struct }: Place): DecodeError =>
  new DecodeError(
    path === ''
      ? `json: cannot unmarshal ${found} into Go value of type ${wanted}`
      : `json: cannot unmarshal ${found} into Go struct field ${struct}.${path.replace(/\[\d+\]/g, '')} of type ${wanted}`,
  );
