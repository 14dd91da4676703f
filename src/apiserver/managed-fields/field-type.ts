// What the walks of this room need to know of a value's type: whether it is owned as a whole or member by member. Built-in
// kinds make these types from their generated schemas, custom resources from their structural schemas.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
import { isJsonObject } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';

export type FieldType = ScalarType | StructType | MapType | ListType | DeducedType;

export type ScalarType = {
  readonly kind: 'scalar';
  readonly accepts: 'string' | 'number' | 'boolean' | 'any';
};

export type StructType = {
  readonly kind: 'struct';
  readonly isAtomic: boolean;
  readonly fields: ReadonlyMap<string, StructField>;
  /** The type of fields that are not declared; undefined: there may be none. */
  readonly others: FieldType | undefined;
};

export type StructField = {
  readonly type: FieldType;
  /** What the emptiest object has of it: a Go struct that is no pointer is always there, so no one adds it. */
  readonly whenEmpty: 'nothing' | 'null' | 'struct';
};

export type MapType = { readonly kind: 'map'; readonly isAtomic: boolean; readonly values: FieldType };

export type ListType = {
  readonly kind: 'list';
  readonly merges: 'as a whole' | 'as a set' | 'by keys';
  readonly keys: readonly ListKey[];
  readonly items: FieldType;
};

/** A member that tells a list's items apart, and what it is where an item leaves it out. */
export type ListKey = { readonly name: string; readonly byDefault: unknown };

/** No schema: objects are owned member by member, all else as a whole. */
export type DeducedType = { readonly kind: 'deduced' };

export const DEDUCED: DeducedType = { kind: 'deduced' };

/** A value as its type lets it be walked. */
export type Shape =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'members'; readonly object: JsonObject }
  | { readonly kind: 'items'; readonly list: readonly unknown[]; readonly type: ListType };

const LEAF_SHAPE: Shape = { kind: 'leaf' };

/** Empty objects and lists are leaves: there is nothing to descend to. */
export const shapeOf = (type: FieldType, value: unknown): Shape => {
  if (type.kind === 'list')
    return type.merges !== 'as a whole' && Array.isArray(value) && value.length > 0
      ? { kind: 'items', list: value, type }
      : LEAF_SHAPE;
  if (type.kind === 'scalar' || (type.kind !== 'deduced' && type.isAtomic)) return LEAF_SHAPE;
  return isJsonObject(value) && hasMembers(value) ? { kind: 'members', object: value } : LEAF_SHAPE;
};

const hasMembers = (object: JsonObject): boolean => {
  for (const name in object) if (object[name] !== undefined) return true;
  return false;
};

/** The type of a member of an object. */
export const memberType = (type: FieldType, name: string): FieldType => {
  if (type.kind === 'struct') return type.fields.get(name)?.type ?? type.others ?? DEDUCED;
  return type.kind === 'map' ? type.values : DEDUCED;
};

/** Whether a member is a declared field: such a one is owned through what lies below it. */
export const isDeclared = (type: FieldType, name: string): boolean =>
  type.kind === 'struct' && type.fields.has(name);

/** What an object that leaves a member out has of it to Go: undefined for nothing. */
export const whenAbsent = (type: FieldType, name: string): unknown => {
  const field = type.kind === 'struct' ? type.fields.get(name) : undefined;
  if (!field || field.whenEmpty === 'nothing') return undefined;
  return field.whenEmpty === 'struct' ? {} : null;
};
