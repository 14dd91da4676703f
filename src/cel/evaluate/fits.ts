// Whether a value can be an argument of a type. Elements are not looked at: the function that takes them out will.
import type { CelType } from '../types/type.ts';
import { Duration, Opaque, Optional, Timestamp, TypeValue, Uint, isList, isMap } from '../values/value.ts';
import type { Value } from '../values/value.ts';

const OF_KIND: Readonly<Record<Exclude<CelType['kind'], 'opaque'>, (value: Value) => boolean>> = {
  bool: (value) => typeof value === 'boolean',
  int: (value) => typeof value === 'bigint',
  uint: (value) => value instanceof Uint,
  double: (value) => typeof value === 'number',
  string: (value) => typeof value === 'string',
  bytes: (value) => value instanceof Uint8Array,
  null: (value) => value === null,
  duration: (value) => value instanceof Duration,
  timestamp: (value) => value instanceof Timestamp,
  list: isList,
  map: isMap,
  object: isMap,
  type: (value) => value instanceof TypeValue,
  dyn: () => true,
  param: () => true,
  error: () => false,
};

export const fits = (type: CelType, value: Value): boolean => {
  if (type.kind !== 'opaque') return OF_KIND[type.kind](value);
  return type.name === 'optional_type'
    ? fitsOptional(type.parameters[0]!, value)
    : value instanceof Opaque && value.typeName === type.name;
};

const fitsOptional = (held: CelType, value: Value): boolean =>
  value instanceof Optional && (value.value === undefined || fits(held, value.value));
