// CEL's values. An int is a bigint, a double a number; JSON is looked at through lists and maps that convert when asked.

/** An evaluation that has no value. `&&`, `||` and the macros over them absorb it; nothing takes it for true. */
export class CelError extends Error {
  override readonly name = 'CelError';
}

/** An unsigned integer, 0 .. 2^64-1. */
export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

/** A point in time in nanoseconds since 1970. */
export class Timestamp {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A span of time in nanoseconds. */
export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A type as a value: what `type(x)` gives. */
export class TypeValue {
  readonly typeName: string;
  constructor(typeName: string) {
    this.typeName = typeName;
  }
}

export class Optional {
  static readonly NONE = new Optional(undefined);
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    this.value = value;
  }
}

/** A value that only functions understand: `net.IP`, `kubernetes.Quantity`, an authorizer. */
export class Opaque<T = unknown> {
  readonly typeName: string;
  readonly data: T;
  readonly equals: (other: T) => boolean;
  /** Its size as the costs count it (CIDRs and IPs have one). */
  readonly size: number;
  constructor(typeName: string, data: T, equals: (other: T) => boolean, size = 1) {
    this.typeName = typeName;
    this.data = data;
    this.equals = equals;
    this.size = size;
  }
}

/** How two lists compare and add up: x-kubernetes-list-type. */
export type ListSemantics =
  | { readonly kind: 'atomic' }
  | { readonly kind: 'set' }
  | { readonly kind: 'map'; readonly keys: readonly string[] };

export const ATOMIC: ListSemantics = { kind: 'atomic' };

export interface List {
  readonly isList: true;
  readonly semantics: ListSemantics;
  readonly size: number;
  /** The element at an index within 0 .. size-1. */
  at(index: number): Value;
}

export interface CelMap {
  readonly isMap: true;
  readonly size: number;
  /** Undefined if the map has no such key. */
  find(key: Value): Value | undefined;
  keys(): readonly Value[];
}

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Timestamp
  | Duration
  | TypeValue
  | Optional
  | Opaque
  | List
  | CelMap;

/** A list that an expression made. */
export class ValueList implements List {
  readonly isList = true;
  readonly semantics: ListSemantics;
  readonly items: Value[];
  constructor(items: Value[], semantics: ListSemantics = ATOMIC) {
    this.items = items;
    this.semantics = semantics;
  }
  get size(): number {
    return this.items.length;
  }
  at(index: number): Value {
    return this.items[index]!;
  }
}

/** A map that an expression made. */
export class ValueMap implements CelMap {
  readonly isMap = true;
  readonly #entries = new Map<string, readonly [Value, Value]>();
  get size(): number {
    return this.#entries.size;
  }
  find(key: Value): Value | undefined {
    const id = keyId(key);
    return id === undefined ? undefined : this.#entries.get(id)?.[1];
  }
  keys(): readonly Value[] {
    return [...this.#entries.values()].map(([key]) => key);
  }
  /** Throws CelError for a key that no map can have. */
  set(key: Value, value: Value): void {
    const id = keyId(key);
    if (id === undefined) throw new CelError('unsupported key type');
    this.#entries.set(id, [key, value]);
  }
}

/** A message that an expression made: its fields by name. */
export class Message extends ValueMap {
  readonly typeName: string;
  constructor(typeName: string) {
    super();
    this.typeName = typeName;
  }
}

/** Keys are equal where their numbers are, whatever their types (1, 1u and 1.0). */
const keyId = (key: Value): string | undefined => {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'boolean') return `b${key}`;
  if (typeof key === 'bigint') return `n${key}`;
  if (key instanceof Uint) return `n${key.value}`;
  return typeof key === 'number' && Number.isInteger(key) ? `n${BigInt(key)}` : undefined;
};

export const isList = (value: Value | undefined): value is List =>
  typeof value === 'object' && value !== null && 'isList' in value;

export const isMap = (value: Value | undefined): value is CelMap =>
  typeof value === 'object' && value !== null && 'isMap' in value;

/** All elements of a list. O(n). */
export const elementsOf = (list: List): Value[] =>
  list instanceof ValueList ? list.items : Array.from({ length: list.size }, (_, i) => list.at(i));

const SCALAR_NAMES: Readonly<Record<string, string>> = {
  boolean: 'bool',
  bigint: 'int',
  number: 'double',
  string: 'string',
};

/** The name of a value's type at run time. */
export const typeNameOf = (value: Value): string => {
  if (typeof value === 'object') return value === null ? 'null_type' : objectTypeName(value);
  return SCALAR_NAMES[typeof value]!;
};

const objectTypeName = (value: Exclude<Value, null | boolean | bigint | number | string>): string => {
  if (value instanceof Opaque || value instanceof Message) return value.typeName;
  if (isList(value)) return 'list';
  if (isMap(value)) return 'map';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Uint) return 'uint';
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  return value instanceof Optional ? 'optional_type' : 'type';
};

/** The size that costs are counted by: characters, bytes, elements; 1 for everything else. */
export const sizeOf = (value: Value): number => {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 1;
  if (value instanceof Opaque) return value.size;
  if (isList(value) || isMap(value)) return value.size;
  if (value instanceof Uint8Array) return value.length;
  return value instanceof Optional && value.value !== undefined ? sizeOf(value.value) : 1;
};
