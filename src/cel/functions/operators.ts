// CEL's operators, under the names that its tree has for them (cel-go common/stdlib/standard.go).
import { compares, joinsBoth, joinsLists, ONE } from '../cost/model.ts';
import { compare } from '../values/compare.ts';
import { equal } from '../values/equal.ts';
import { durationOf, timestampOf } from '../values/time.ts';
import { CelError, Duration, Optional, Timestamp, Uint, isList, sizeOf } from '../values/value.ts';
import type { CelMap, List, Value } from '../values/value.ts';
import { addLists } from './add-lists.ts';
import { int, uint } from './integers.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';

const arithmetic: readonly Overload[] = [
  overload('_+_', 'add_int64', '(int, int) -> int', (a: bigint, b: bigint) => int(a + b)),
  overload('_+_', 'add_uint64', '(uint, uint) -> uint', (a: Uint, b: Uint) => uint(a.value + b.value)),
  overload('_+_', 'add_double', '(double, double) -> double', (a: number, b: number) => a + b),
  overload('_+_', 'add_string', '(string, string) -> string', (a: string, b: string) => a + b, joinsBoth),
  overload(
    '_+_',
    'add_bytes',
    '(bytes, bytes) -> bytes',
    (a: Uint8Array, b: Uint8Array) => Buffer.concat([a, b]),
    joinsBoth,
  ),
  overload('_+_', 'add_list', '(list(A), list(A)) -> list(A)', addLists, joinsLists),
  overload('_+_', 'add_duration_duration', '(duration, duration) -> duration', (a: Duration, b: Duration) =>
    durationOf(a.nanos + b.nanos),
  ),
  overload(
    '_+_',
    'add_timestamp_duration',
    '(timestamp, duration) -> timestamp',
    (a: Timestamp, b: Duration) => timestampOf(a.nanos + b.nanos),
  ),
  overload(
    '_+_',
    'add_duration_timestamp',
    '(duration, timestamp) -> timestamp',
    (a: Duration, b: Timestamp) => timestampOf(a.nanos + b.nanos),
  ),
  overload('_-_', 'subtract_int64', '(int, int) -> int', (a: bigint, b: bigint) => int(a - b)),
  overload('_-_', 'subtract_uint64', '(uint, uint) -> uint', (a: Uint, b: Uint) => uint(a.value - b.value)),
  overload('_-_', 'subtract_double', '(double, double) -> double', (a: number, b: number) => a - b),
  overload(
    '_-_',
    'subtract_duration_duration',
    '(duration, duration) -> duration',
    (a: Duration, b: Duration) => durationOf(a.nanos - b.nanos),
  ),
  overload(
    '_-_',
    'subtract_timestamp_duration',
    '(timestamp, duration) -> timestamp',
    (a: Timestamp, b: Duration) => timestampOf(a.nanos - b.nanos),
  ),
  overload(
    '_-_',
    'subtract_timestamp_timestamp',
    '(timestamp, timestamp) -> duration',
    (a: Timestamp, b: Timestamp) => durationOf(a.nanos - b.nanos),
  ),
  overload('_*_', 'multiply_int64', '(int, int) -> int', (a: bigint, b: bigint) => int(a * b)),
  overload('_*_', 'multiply_uint64', '(uint, uint) -> uint', (a: Uint, b: Uint) => uint(a.value * b.value)),
  overload('_*_', 'multiply_double', '(double, double) -> double', (a: number, b: number) => a * b),
  overload('_/_', 'divide_int64', '(int, int) -> int', (a: bigint, b: bigint) =>
    int(a / nonZero(b, 'division by zero')),
  ),
  overload('_/_', 'divide_uint64', '(uint, uint) -> uint', (a: Uint, b: Uint) =>
    uint(a.value / nonZero(b.value, 'division by zero')),
  ),
  overload('_/_', 'divide_double', '(double, double) -> double', (a: number, b: number) => a / b),
  overload('_%_', 'modulo_int64', '(int, int) -> int', (a: bigint, b: bigint) =>
    int(a % nonZero(b, 'modulus by zero')),
  ),
  overload('_%_', 'modulo_uint64', '(uint, uint) -> uint', (a: Uint, b: Uint) =>
    uint(a.value % nonZero(b.value, 'modulus by zero')),
  ),
  overload('-_', 'negate_int64', '(int) -> int', (a: bigint) => int(-a)),
  overload('-_', 'negate_double', '(double) -> double', (a: number) => -a),
];

const nonZero = (divisor: bigint, message: string): bigint => {
  if (divisor === 0n) throw new CelError(message);
  return divisor;
};

const logic: readonly Overload[] = [
  // Their arguments are not evaluated before them: the evaluator knows these four by name.
  overload('_&&_', 'logical_and', '(bool, bool) -> bool', (a: boolean, b: boolean) => a && b),
  overload('_||_', 'logical_or', '(bool, bool) -> bool', (a: boolean, b: boolean) => a || b),
  overload('_?_:_', 'conditional', '(bool, A, A) -> A', (condition: boolean, a: Value, b: Value) =>
    condition ? a : b,
  ),
  overload('@not_strictly_false', 'not_strictly_false', '(bool) -> bool', (a: boolean) => a),
  overload('!_', 'logical_not', '(bool) -> bool', (a: boolean) => !a),
  overload('_==_', 'equals', '(A, A) -> bool', equal, compares),
  overload('_!=_', 'not_equals', '(A, A) -> bool', (a: Value, b: Value) => !equal(a, b), compares),
];

/** Pairs of types that have an order; those of texts cost by length. */
const ORDERED = [
  ['bool', 'bool'],
  ['int', 'int'],
  ['int', 'double'],
  ['int', 'uint'],
  ['uint', 'uint'],
  ['uint', 'double'],
  ['uint', 'int'],
  ['double', 'double'],
  ['double', 'int'],
  ['double', 'uint'],
  ['string', 'string'],
  ['bytes', 'bytes'],
  ['timestamp', 'timestamp'],
  ['duration', 'duration'],
] as const;

const order = (name: string, id: string, holds: (order: number) => boolean): Overload[] =>
  ORDERED.map(([left, right]) =>
    overload(
      name,
      left === right ? `${id}_${left}` : `${id}_${left}_${right}`,
      `(${left}, ${right}) -> bool`,
      (a: Value, b: Value) => holds(compare(a, b)),
      left === 'string' || left === 'bytes' ? compares : ONE,
    ),
  );

const collections: readonly Overload[] = [
  overload('_[_]', 'index_list', '(list(A), int) -> A', (list: List, index: bigint) =>
    elementAt(list, index),
  ),
  overload('_[_]', 'index_map', '(map(A, B), A) -> B', (map: CelMap, key: Value) => entryOf(map, key)),
  overload(
    '_[_]',
    'optional_list_index_int',
    '(optional_type(list(V)), int) -> optional_type(V)',
    (from: Optional, key: Value) => indexOptional(from, key),
  ),
  overload(
    '_[_]',
    'optional_map_index_value',
    '(optional_type(map(K, V)), K) -> optional_type(V)',
    (from: Optional, key: Value) => indexOptional(from, key),
  ),
  overload(
    '_[?_]',
    'list_optindex_optional_int',
    '(list(V), int) -> optional_type(V)',
    (from: List, key: Value) => indexOptional(from, key),
  ),
  overload(
    '_[?_]',
    'optional_list_optindex_optional_int',
    '(optional_type(list(V)), int) -> optional_type(V)',
    (from: Optional, key: Value) => indexOptional(from, key),
  ),
  overload(
    '_[?_]',
    'map_optindex_optional_value',
    '(map(K, V), K) -> optional_type(V)',
    (from: CelMap, key: Value) => indexOptional(from, key),
  ),
  overload(
    '_[?_]',
    'optional_map_optindex_optional_value',
    '(optional_type(map(K, V)), K) -> optional_type(V)',
    (from: Optional, key: Value) => indexOptional(from, key),
  ),
  overload('@in', 'in_list', '(A, list(A)) -> bool', (value: Value, list: List) => includes(list, value), {
    actual: ([, list]) => sizeOf(list!),
    estimate: ([, list]) => ({ cost: list!.size }),
  }),
  overload(
    '@in',
    'in_map',
    '(A, map(A, B)) -> bool',
    (key: Value, map: CelMap) => map.find(key) !== undefined,
  ),
];

const elementAt = (list: List, index: bigint): Value => {
  if (index < 0n || index >= BigInt(list.size)) throw new CelError(`index out of bounds: ${index}`);
  return list.at(Number(index));
};

const entryOf = (map: CelMap, key: Value): Value => {
  const value = map.find(key);
  if (value === undefined)
    throw new CelError(`no such key: ${String(key instanceof Uint ? key.value : key)}`);
  return value;
};

/** The element or entry, or an empty optional where there is none. */
export const indexOptional = (from: Value, key: Value): Optional => {
  if (from instanceof Optional) return from.value === undefined ? from : indexOptional(from.value, key);
  if (!isList(from)) return new Optional((from as CelMap).find(key));
  const isInside = typeof key === 'bigint' && key >= 0n && key < BigInt(from.size);
  return isInside ? new Optional(from.at(Number(key))) : Optional.NONE;
};

/** Whether a list holds an equal value. O(n). */
export const includes = (list: List, value: Value): boolean => {
  for (let i = 0; i < list.size; i++) if (equal(list.at(i), value)) return true;
  return false;
};

export const OPERATORS: readonly Overload[] = [
  ...arithmetic,
  ...logic,
  ...order('_<_', 'less', (result) => result < 0),
  ...order('_<=_', 'less_equals', (result) => result <= 0),
  ...order('_>_', 'greater', (result) => result > 0),
  ...order('_>=_', 'greater_equals', (result) => result >= 0),
  ...collections,
];
