// Lists and sets: Kubernetes' own (library/lists.go), cel-go's lists extension (version 3) and sets extension.
import { LIST_COST, ONE, PER_CHARACTER } from '../cost/model.ts';
import type { CostModel } from '../cost/model.ts';
import { UNKNOWN_SIZE, add, exactly, multiply, scale } from '../cost/range.ts';
import type { Range } from '../cost/range.ts';
import { compare } from '../values/compare.ts';
import { equal } from '../values/equal.ts';
import { durationOf } from '../values/time.ts';
import {
  CelError,
  Duration,
  Optional,
  Uint,
  ValueList,
  elementsOf,
  isList,
  isMap,
  sizeOf,
} from '../values/value.ts';
import type { List, Value } from '../values/value.ts';
import { work } from '../values/work.ts';
import { int, uint } from './integers.ts';
import { includes } from './operators.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';

const COMPARABLE = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];

/** Reading a value with all that is in it. */
const readingAll = (value: Value): number => {
  if (typeof value === 'string' || value instanceof Uint8Array)
    return Math.floor(sizeOf(value) * PER_CHARACTER);
  if (isList(value) || isMap(value)) work(value.size);
  if (isList(value)) return elementsOf(value).reduce<number>((sum, element) => sum + readingAll(element), 0);
  if (!isMap(value)) return 1;
  return value.keys().reduce<number>((sum, key) => sum + readingAll(key) + readingAll(value.find(key)!), 0);
};

const readsElements: CostModel = {
  actual: ([list]) => readingAll(list!),
  estimate: ([list]) => {
    const { size, elementSize = UNKNOWN_SIZE, holdsText } = list!;
    return {
      cost: multiply(size, add(exactly(1), holdsText ? scale(elementSize, PER_CHARACTER) : exactly(0))),
    };
  },
};

/** A new list is made of a part or all of another. */
const copies: CostModel = {
  actual: (_, result) => LIST_COST + 1 + sizeOf(result),
  estimate: ([list]) => ({
    cost: add(list!.size, exactly(LIST_COST + 1)),
    size: { min: 0, max: list!.size.max },
  }),
};

/** Each element of the list, or of the keys beside it, is compared with each other. */
const comparesAll = (keys: 0 | 1, holdsText: boolean): CostModel => {
  const factor = 2 + (holdsText ? PER_CHARACTER : 0);
  return {
    isPrepaid: true,
    actual: (args) => LIST_COST + 1 + Math.floor(sizeOf(args[keys]!) ** 2 * factor),
    estimate: (args) => {
      const { size } = args[keys]!;
      return {
        cost: add(scale(multiply(size, size), factor), exactly(LIST_COST + 1)),
        size: { min: 0, max: size.max },
      };
    },
  };
};

const isText = (type: string): boolean => type === 'string' || type === 'bytes';

const makesRange: CostModel = {
  actual: (_, result) => LIST_COST + 1 + sizeOf(result),
  estimate: ([count]) => {
    const size: Range = count!.number === undefined ? UNKNOWN_SIZE : exactly(count!.number);
    return { cost: add(size, exactly(LIST_COST + 1)), size };
  },
};

/** The lengths of both lists multiply. */
const meets = (factor: number): CostModel => ({
  isPrepaid: true,
  actual: ([a, b]) => 1 + sizeOf(a!) * sizeOf(b!) * factor,
  estimate: ([a, b]) => ({ cost: add(scale(multiply(a!.size, b!.size), factor), exactly(1)) }),
});

const isSorted = (list: List): boolean => {
  for (let i = 1; i < list.size; i++) if (compare(list.at(i - 1), list.at(i)) > 0) return false;
  return true;
};

/** The element before which no other comes, in an order of either direction. */
const extreme =
  (name: string, direction: 1 | -1) =>
  (list: List): Value => {
    if (list.size === 0) throw new CelError(`${name} called on empty list`);
    return elementsOf(list).reduce((best, element) =>
      compare(element, best) * direction > 0 ? element : best,
    );
  };

const indexOf = (list: List, value: Value): bigint =>
  BigInt(elementsOf(list).findIndex((element) => equal(element, value)));
const lastIndexOf = (list: List, value: Value): bigint =>
  BigInt(elementsOf(list).findLastIndex((element) => equal(element, value)));

/** Lists of any type are only known by their elements. */
const typed =
  <T extends Value>(isOfType: (value: Value) => value is T, sum: (elements: readonly T[]) => Value) =>
  (list: List): Value => {
    const elements = elementsOf(list);
    if (!elements.every(isOfType)) throw new CelError('no such overload');
    return sum(elements);
  };

const SUMS = {
  int: typed(
    (value) => typeof value === 'bigint',
    (all) => all.reduce((sum, each) => int(sum + each), 0n),
  ),
  uint: typed(
    (value) => value instanceof Uint,
    (all) => uint(all.reduce((sum, { value }) => sum + value, 0n)),
  ),
  double: typed(
    (value) => typeof value === 'number',
    (all) => all.reduce((sum, each) => sum + each, 0),
  ),
  duration: typed(
    (value) => value instanceof Duration,
    (all) => durationOf(all.reduce((sum, { nanos }) => sum + nanos, 0n)),
  ),
};

const MOST_RANGE = 1_000_000n;

const range = (count: bigint): List => {
  if (count > MOST_RANGE) throw new CelError(`lists.range: ${count} elements are more than ${MOST_RANGE}`);
  return new ValueList(Array.from({ length: Math.max(0, Number(count)) }, (_, i) => BigInt(i)));
};

const slice = (list: List, start: bigint, end: bigint): List => {
  const refuse = (why: string): never => {
    throw new CelError(`cannot slice(${start}, ${end}), ${why}`);
  };
  if (start < 0n || end < 0n) return refuse('negative indexes not supported');
  if (start > end) return refuse('start index must be less than or equal to end index');
  if (end > BigInt(list.size)) return refuse(`list is length ${list.size}`);
  return new ValueList(elementsOf(list).slice(Number(start), Number(end)));
};

const flatten = (list: List, depth = 1n): List => {
  if (depth < 0n) throw new CelError('level must be non-negative');
  const flat: Value[] = [];
  addFlat(flat, list, depth);
  return new ValueList(flat);
};

const addFlat = (flat: Value[], list: List, depth: bigint): void => {
  work(list.size);
  for (let i = 0; i < list.size; i++) {
    const element = list.at(i);
    if (depth > 0n && isList(element)) addFlat(flat, element, depth - 1n);
    else flat.push(element);
  }
};

const distinct = (list: List): List => {
  const kept: Value[] = [];
  for (const element of elementsOf(list))
    if (!kept.some((known) => equal(known, element))) kept.push(element);
  return new ValueList(kept);
};

const sortByKeys = (list: List, keys: List): List => {
  const order = Array.from({ length: list.size }, (_, i) => i);
  return new ValueList(
    order.toSorted((a, b) => compare(keys.at(a), keys.at(b))).map((index) => list.at(index)),
  );
};

const end = (list: List, index: number): Optional =>
  list.size === 0 ? Optional.NONE : new Optional(list.at(index));

const containsAll = (list: List, part: List): boolean =>
  elementsOf(part).every((element) => includes(list, element));

export const LISTS: readonly Overload[] = [
  ...COMPARABLE.flatMap((type) => [
    overload('isSorted', `list_${type}_is_sorted_bool`, `list(${type}).() -> bool`, isSorted, readsElements),
    overload(
      'min',
      `list_${type}_min_${type}`,
      `list(${type}).() -> ${type}`,
      extreme('min', -1),
      readsElements,
    ),
    overload(
      'max',
      `list_${type}_max_${type}`,
      `list(${type}).() -> ${type}`,
      extreme('max', 1),
      readsElements,
    ),
    overload(
      'sort',
      `list_${type}_sort`,
      `list(${type}).() -> list(${type})`,
      (list: List) => sortByKeys(list, list),
      comparesAll(0, isText(type)),
    ),
    overload(
      '@sortByAssociatedKeys',
      `list_${type}_sortByAssociatedKeys`,
      `list(A).(list(${type})) -> list(A)`,
      sortByKeys,
      comparesAll(1, isText(type)),
    ),
  ]),
  ...Object.entries(SUMS).map(([type, sum]) =>
    overload('sum', `list_${type}_sum_${type}`, `list(${type}).() -> ${type}`, sum, readsElements),
  ),
  overload('indexOf', 'list_a_index_of_int', 'list(A).(A) -> int', indexOf, readsElements),
  overload('lastIndexOf', 'list_a_last_index_of_int', 'list(A).(A) -> int', lastIndexOf, readsElements),
  overload(
    'includes',
    'list_includes_dyn_dyn',
    'dyn.(dyn) -> bool',
    (list: Value, value: Value) => isList(list) && includes(list, value),
    readsElements,
  ),
  overload('slice', 'list_slice', 'list(A).(int, int) -> list(A)', slice, copies),
  overload('flatten', 'list_flatten', 'list(list(A)).() -> list(A)', (list: List) => flatten(list), copies),
  overload('flatten', 'list_flatten_int', 'list(dyn).(int) -> list(dyn)', flatten, copies),
  overload('lists.range', 'lists_range', '(int) -> list(int)', range, makesRange),
  overload(
    'reverse',
    'list_reverse',
    'list(A).() -> list(A)',
    (list: List) => new ValueList(elementsOf(list).toReversed()),
    copies,
  ),
  overload('distinct', 'list_distinct', 'list(A).() -> list(A)', distinct, comparesAll(0, false)),
  overload('first', 'list_first', 'list(A).() -> optional_type(A)', (list: List) => end(list, 0), ONE),
  overload(
    'last',
    'list_last',
    'list(A).() -> optional_type(A)',
    (list: List) => end(list, list.size - 1),
    ONE,
  ),
  overload('sets.contains', 'list_sets_contains_list', '(list(A), list(A)) -> bool', containsAll, meets(1)),
  overload(
    'sets.intersects',
    'list_sets_intersects_list',
    '(list(A), list(A)) -> bool',
    (a: List, b: List) => elementsOf(a).some((element) => includes(b, element)),
    meets(1),
  ),
  overload(
    'sets.equivalent',
    'list_sets_equivalent_list',
    '(list(A), list(A)) -> bool',
    (a: List, b: List) => containsAll(a, b) && containsAll(b, a),
    meets(2),
  ),
];
