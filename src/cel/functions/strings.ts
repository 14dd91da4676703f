// Texts: CEL's own functions and cel-go's strings extension as Kubernetes takes it (ext/strings.go, version 2).
// Positions count code points.
import { ONE, PER_CHARACTER, reads, readsBoth, searches } from '../cost/model.ts';
import type { CostModel, Sized } from '../cost/model.ts';
import { add, exactly, multiply, scale, UNKNOWN_SIZE } from '../cost/range.ts';
import type { Range } from '../cost/range.ts';
import { CelError, ValueList, elementsOf, sizeOf } from '../values/value.ts';
import type { CelMap, List } from '../values/value.ts';
import { work } from '../values/work.ts';
import { formatText } from './format-text.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';
import { findAll, matchesPattern } from './patterns.ts';

/** A character that is only looked at, next to one that is made. */
const PER_LOOK = 0.01;

/** Code points of a text; the text itself where each is one unit, which is nearly always. */
const points = (text: string): readonly string[] | string => {
  work(text.length * PER_LOOK);
  return /[\ud800-\udfff]/.test(text) ? Array.from(text) : text;
};
const joined = (part: readonly string[] | string): string =>
  typeof part === 'string' ? part : part.join('');

const inRange = (index: bigint, length: number): number => {
  if (index < 0n || index > BigInt(length)) throw new CelError(`index out of range: ${index}`);
  return Number(index);
};

const charAt = (text: string, index: bigint): string => {
  const all = points(text);
  return all[inRange(index, all.length)] ?? '';
};

const substring = (text: string, start: bigint, end?: bigint): string => {
  const all = points(text);
  const to = end ?? BigInt(all.length);
  if (end !== undefined && start > end)
    throw new CelError(`invalid substring range. start: ${start}, end: ${end}`);
  return joined(all.slice(inRange(start, all.length), inRange(to, all.length)));
};

/** Where a part is found, in code points. */
const toPoints = (text: string, units: number): bigint =>
  units < 0 ? -1n : BigInt(points(text.slice(0, units)).length);

const unitsOf = (text: string, count: number): number => joined(points(text).slice(0, count)).length;

const indexOf = (text: string, part: string, offset = 0n): bigint => {
  if (offset < 0n) throw new CelError(`index out of range: ${offset}`);
  const length = points(text).length;
  if (part === '') return offset > BigInt(length) ? BigInt(length) : offset;
  if (offset >= BigInt(length)) return -1n;
  return toPoints(text, text.indexOf(part, unitsOf(text, Number(offset))));
};

const lastIndexOf = (text: string, part: string, offset?: bigint): bigint => {
  const length = points(text).length;
  if (offset === undefined) return part === '' ? BigInt(length) : toPoints(text, text.lastIndexOf(part));
  if (offset < 0n) throw new CelError(`index out of range: ${offset}`);
  if (part === '') return offset > BigInt(length) ? BigInt(length) : offset;
  if (offset >= BigInt(length)) return -1n;
  return toPoints(text, text.lastIndexOf(part, unitsOf(text, Number(offset))));
};

const replace = (text: string, from: string, to: string, limit = -1n): string => {
  const most = from === '' ? text.length + 1 : Math.floor(text.length / from.length);
  work(text.length + most * to.length);
  if (limit < 0n) return text.replaceAll(from, () => to);
  let left = limit;
  return text.replaceAll(from, (found) => (left-- > 0n ? to : found));
};

const split = (text: string, separator: string, limit = -1n): List => {
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  if (limit < 0n || BigInt(parts.length) <= limit) return new ValueList(parts);
  if (limit === 0n) return new ValueList([]);
  const head = parts.slice(0, Number(limit) - 1);
  return new ValueList([...head, parts.slice(head.length).join(separator)]);
};

const join = (list: List, separator = ''): string => {
  const parts = elementsOf(list);
  const odd = parts.find((part) => typeof part !== 'string');
  if (odd !== undefined) throw new CelError(`join: invalid input: ${String(odd)}`);
  const length = parts.reduce<number>((sum, part) => sum + (part as string).length + separator.length, 0);
  work(length);
  return parts.join(separator);
};

const asciiCase = (text: string, letters: RegExp, change: (letter: string) => string): string =>
  text.replace(letters, change);

const QUOTED: Readonly<Record<string, string>> = {
  '\x07': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
  '\\': '\\\\',
  '"': String.raw`\"`,
};

const quote = (text: string): string =>
  `"${text.toWellFormed().replace(/[^]/g, (character) => QUOTED[character] ?? character)}"`;

const length = (text: string): bigint => BigInt(points(text).length);

export const readsSame = reads(0, { keepsSize: true });
const twice = 2 * PER_CHARACTER;

const splits: CostModel = {
  actual: reads(0, { factor: twice }).actual,
  estimate: ([text, , limit]) => ({
    cost: scale(text!.size, twice),
    size: { min: 0, max: limit?.number ?? text!.size.max },
  }),
};

const joins: CostModel = {
  actual: (_, result) => Math.ceil(sizeOf(result) * twice),
  estimate: ([list, separator]) => {
    const { size, elementSize = UNKNOWN_SIZE } = list!;
    const gaps = { min: Math.max(0, size.min - 1), max: Math.max(0, size.max - 1) };
    const all = add(multiply(size, elementSize), separator ? multiply(separator.size, gaps) : exactly(0));
    return { cost: scale(all, PER_CHARACTER), size: all };
  },
};

const replaces: CostModel = {
  actual: reads(0, { factor: twice }).actual,
  estimate: ([text, from, to]) => ({ cost: scale(text!.size, twice), size: replacedSize(text!, from!, to!) }),
};

/** The shortest and longest text after replacing: as often as possible, by the longest, and the reverse. */
const replacedSize = (text: Sized, from: Sized, to: Sized): Range => {
  const bound = (length: number, found: number, put: number, isWorse: boolean): number => {
    if (found === 0) return (length + 1) * put + length;
    return isWorse ? Math.ceil(length / found) * put : length;
  };
  return {
    min: bound(text.size.min, from.size.max, to.size.min, from.size.max > to.size.min),
    max: bound(text.size.max, from.size.min, to.size.max, to.size.max > from.size.min),
  };
};

const readsArgument: CostModel = {
  actual: ([text]) => Math.ceil(sizeOf(text!) * PER_CHARACTER),
  estimate: ([, part]) => ({ cost: scale(part!.size, PER_CHARACTER) }),
};

/** Kubernetes counts looking for a part as one reading, rounded down. */
const looksFor: CostModel = {
  actual: ([text]) => Math.floor(sizeOf(text!) * PER_CHARACTER),
  estimate: ([text]) => ({ cost: scale(text!.size, PER_CHARACTER) }),
};

export const STRINGS: readonly Overload[] = [
  overload('size', 'size_string', '(string) -> int', length),
  overload('size', 'string_size', 'string.() -> int', length),
  overload(
    'contains',
    'contains_string',
    'string.(string) -> bool',
    (text: string, part: string) => text.includes(part),
    readsBoth,
  ),
  overload(
    'startsWith',
    'starts_with_string',
    'string.(string) -> bool',
    (text: string, part: string) => text.startsWith(part),
    readsArgument,
  ),
  overload(
    'endsWith',
    'ends_with_string',
    'string.(string) -> bool',
    (text: string, part: string) => text.endsWith(part),
    readsArgument,
  ),
  overload('matches', 'matches', '(string, string) -> bool', matchesPattern, searches(0, 1)),
  overload('matches', 'matches_string', 'string.(string) -> bool', matchesPattern, searches(0, 1)),
  overload('charAt', 'string_char_at_int', 'string.(int) -> string', charAt, ONE),
  overload('indexOf', 'string_index_of_string', 'string.(string) -> int', indexOf, looksFor),
  overload('indexOf', 'string_index_of_string_int', 'string.(string, int) -> int', indexOf, looksFor),
  overload('lastIndexOf', 'string_last_index_of_string', 'string.(string) -> int', lastIndexOf, looksFor),
  overload(
    'lastIndexOf',
    'string_last_index_of_string_int',
    'string.(string, int) -> int',
    lastIndexOf,
    looksFor,
  ),
  overload(
    'lowerAscii',
    'string_lower_ascii',
    'string.() -> string',
    (text: string) => asciiCase(text, /[A-Z]+/g, (part) => part.toLowerCase()),
    readsSame,
  ),
  overload(
    'upperAscii',
    'string_upper_ascii',
    'string.() -> string',
    (text: string) => asciiCase(text, /[a-z]+/g, (part) => part.toUpperCase()),
    readsSame,
  ),
  overload('replace', 'string_replace_string_string', 'string.(string, string) -> string', replace, replaces),
  overload(
    'replace',
    'string_replace_string_string_int',
    'string.(string, string, int) -> string',
    replace,
    replaces,
  ),
  overload('split', 'string_split_string', 'string.(string) -> list(string)', split, splits),
  overload('split', 'string_split_string_int', 'string.(string, int) -> list(string)', split, splits),
  overload('substring', 'string_substring_int', 'string.(int) -> string', substring, readsSame),
  overload('substring', 'string_substring_int_int', 'string.(int, int) -> string', substring, readsSame),
  overload('trim', 'string_trim', 'string.() -> string', (text: string) => text.trim(), readsSame),
  overload('join', 'list_join', 'list(string).() -> string', join, joins),
  overload('join', 'list_join_string', 'list(string).(string) -> string', join, joins),
  overload('strings.quote', 'strings_quote', '(string) -> string', quote, reads(0)),
  overload('format', 'string_format', 'string.(list(dyn)) -> string', formatText, reads(0)),
  overload(
    'find',
    'string_find_string',
    'string.(string) -> string',
    (text: string, pattern: string) => findAll(text, pattern, 1)[0] ?? '',
    searches(0, 1),
  ),
  overload(
    'findAll',
    'string_find_all_string',
    'string.(string) -> list(string)',
    (text: string, pattern: string) => new ValueList(findAll(text, pattern, -1)),
    searches(0, 1),
  ),
  overload(
    'findAll',
    'string_find_all_string_int',
    'string.(string, int) -> list(string)',
    (text: string, pattern: string, limit: bigint) => new ValueList(findAll(text, pattern, Number(limit))),
    searches(0, 1),
  ),
];

const sizeOfCollection = (value: List | CelMap | Uint8Array): bigint => BigInt(sizeOf(value));

export const SIZES: readonly Overload[] = ['bytes', 'list(A)', 'map(A, B)'].flatMap((type) => [
  overload('size', `size_${type.split('(')[0]}`, `(${type}) -> int`, sizeOfCollection),
  overload('size', `${type.split('(')[0]}_size`, `${type}.() -> int`, sizeOfCollection),
]);
