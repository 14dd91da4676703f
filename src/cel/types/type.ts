// CEL's types as the checker sees them, and their text in messages (cel-go checker/format.go).

type SimpleKind =
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'null'
  | 'dyn'
  | 'error'
  | 'duration'
  | 'timestamp';

export type ObjectType = {
  readonly kind: 'object';
  readonly name: string;
  readonly fields: ReadonlyMap<string, CelType>;
  /** It has fields of any other name, too, of any type. */
  readonly isOpen?: true;
};

export type CelType =
  | { readonly kind: SimpleKind }
  | { readonly kind: 'list'; readonly element: CelType }
  | { readonly kind: 'map'; readonly key: CelType; readonly value: CelType }
  | { readonly kind: 'type'; readonly of: CelType | undefined }
  /** A struct: only its fields can be selected. */
  | ObjectType
  /** A type with functions only: `net.IP`, or `optional_type(string)`. */
  | { readonly kind: 'opaque'; readonly name: string; readonly parameters: readonly CelType[] }
  /** A type variable of an overload, or of the checker. */
  | { readonly kind: 'param'; readonly name: string };

export const BOOL: CelType = { kind: 'bool' };
export const INT: CelType = { kind: 'int' };
export const UINT: CelType = { kind: 'uint' };
export const DOUBLE: CelType = { kind: 'double' };
export const STRING: CelType = { kind: 'string' };
export const BYTES: CelType = { kind: 'bytes' };
export const NULL: CelType = { kind: 'null' };
export const DYN: CelType = { kind: 'dyn' };
export const ERROR: CelType = { kind: 'error' };
export const DURATION: CelType = { kind: 'duration' };
export const TIMESTAMP: CelType = { kind: 'timestamp' };

export const listOf = (element: CelType): CelType => ({ kind: 'list', element });
export const mapOf = (key: CelType, value: CelType): CelType => ({ kind: 'map', key, value });
export const opaque = (name: string, ...parameters: readonly CelType[]): CelType => ({
  kind: 'opaque',
  name,
  parameters,
});
const OPTIONAL = 'optional_type';
export const optionalOf = (type: CelType): CelType => opaque(OPTIONAL, type);

/** What an optional holds, undefined if the type is not optional. */
export const heldByOptional = (type: CelType): CelType | undefined =>
  type.kind === 'opaque' && type.name === OPTIONAL ? type.parameters[0] : undefined;

/** The types within a type, in order. */
export const parametersOf = (type: CelType): readonly CelType[] => {
  if (type.kind === 'list') return [type.element];
  if (type.kind === 'map') return [type.key, type.value];
  if (type.kind === 'opaque') return type.parameters;
  return type.kind === 'type' && type.of ? [type.of] : [];
};

/** The same type with every type within it replaced. */
export const mapParameters = (type: CelType, replace: (part: CelType) => CelType): CelType => {
  if (type.kind === 'list') return listOf(replace(type.element));
  if (type.kind === 'map') return mapOf(replace(type.key), replace(type.value));
  if (type.kind === 'opaque') return { ...type, parameters: type.parameters.map(replace) };
  return type.kind === 'type' && type.of ? { kind: 'type', of: replace(type.of) } : type;
};

/** `list(map(string, int))`, `kubernetes.Quantity`, `optional_type(dyn)`. */
export const typeText = (type: CelType): string => {
  const name = 'name' in type ? type.name : type.kind === 'error' ? '!error!' : type.kind;
  const parameters = parametersOf(type);
  return parameters.length === 0 ? name : `${name}(${parameters.map(typeText).join(', ')})`;
};

/** Whether both are the same type, type variables compared by name. */
export const sameType = (a: CelType, b: CelType): boolean => {
  if (a === b) return true;
  if (a.kind !== b.kind || ('name' in a && 'name' in b && a.name !== b.name)) return false;
  const [left, right] = [parametersOf(a), parametersOf(b)];
  return left.length === right.length && left.every((part, i) => sameType(part, right[i]!));
};
