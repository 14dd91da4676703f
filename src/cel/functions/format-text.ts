// `"%s is %d".format([...])` (cel-go ext/formatting.go).
import { formatDuration, formatTimestamp } from '../values/time.ts';
import { compare } from '../values/compare.ts';
import {
  CelError,
  Duration,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
  isList,
  isMap,
  elementsOf,
  typeNameOf,
} from '../values/value.ts';
import type { CelMap, List, Value } from '../values/value.ts';
import { work } from '../values/work.ts';
import { doubleText } from './conversions.ts';

const MOST_PRECISION = 1000;

type Clause = (value: Value, precision: number) => string;

/** Throws CelError for a clause or a value that does not fit it, and for a list that is too short. */
export const formatText = (template: string, list: List): string => {
  const args = elementsOf(list);
  let next = 0;
  return template.replaceAll(/%(?:\.(\d*))?([\s\S]?)/g, (_, digits: string | undefined, letter: string) => {
    if (letter === '%') return '%';
    const clause = CLAUSES[letter];
    if (!clause)
      throw new CelError(
        letter === ''
          ? 'unexpected end of string'
          : `could not parse formatting clause: unrecognized formatting clause "${letter}"`,
      );
    if (next >= args.length) throw new CelError(`index ${next} out of range`);
    const precision = digits ? Number(digits) : 6;
    if (precision > MOST_PRECISION)
      throw new CelError(
        `could not parse formatting clause: error while parsing precision: precision ${precision} exceeds maximum allowed ${MOST_PRECISION}`,
      );
    const text = clause(args[next++]!, precision);
    work(text.length);
    return text;
  });
};

const wrong = (clause: string, types: string, value: Value): never => {
  throw new CelError(
    `error during formatting: ${clause} can only be used on ${types}, was given ${typeNameOf(value)}`,
  );
};

const wholeNumber = (clause: string, value: Value): bigint => {
  if (typeof value === 'bigint') return value;
  return value instanceof Uint ? value.value : wrong(clause, 'integers', value);
};

const double = (clause: string, value: Value): number => {
  if (typeof value === 'number') return value;
  return typeof value === 'bigint' || value instanceof Uint
    ? Number(wholeNumber(clause, value))
    : wrong(clause, 'doubles', value);
};

const special = (value: number): string | undefined =>
  Number.isFinite(value) ? undefined : Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '-∞';

/** As Go's English printer has it: `3.140000×10⁰⁰`. */
const exponent = (value: number, precision: number): string => {
  const [digits, power] = value.toExponential(Math.min(precision, 100)).split('e') as [string, string];
  const sign = power.startsWith('-') ? '⁻' : '';
  return `${digits}×10${sign}${power
    .slice(1)
    .padStart(2, '0')
    .replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)]!)}`;
};

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** English groups of three digits before the point. */
const fixedPoint = (value: number, precision: number): string => {
  const [whole, fraction] = value.toFixed(Math.min(precision, 100)).split('.') as [string, string?];
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
};

/** A value within a list or map, as CEL would write it. */
const innerText = (value: Value): string => {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number')
    return special(value) === undefined ? value.toFixed(6) : JSON.stringify(plainText(value));
  if (value instanceof Timestamp || value instanceof Duration) return plainText(value);
  if (value instanceof Uint8Array) return `b${JSON.stringify(plainText(value))}`;
  return value instanceof TypeValue ? `type(${value.typeName})` : plainText(value);
};

const hexadecimal = (value: Value): string => {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return wholeNumber('hex clause', value).toString(16);
};

const CLAUSES: Readonly<Record<string, Clause>> = {
  s: (value) => plainText(value),
  d: (value) =>
    typeof value === 'number' && !Number.isFinite(value)
      ? special(value)!
      : wholeNumber('decimal clause', value).toString(),
  f: (value, precision) => {
    const number = double('fixed-point clause', value);
    return special(number) ?? fixedPoint(number, precision);
  },
  e: (value, precision) => {
    const number = double('scientific clause', value);
    return special(number) ?? exponent(number, precision);
  },
  b: (value) =>
    typeof value === 'boolean' ? (value ? '1' : '0') : wholeNumber('binary clause', value).toString(2),
  x: (value) => hexadecimal(value),
  X: (value) => hexadecimal(value).toUpperCase(),
  o: (value) => wholeNumber('octal clause', value).toString(8),
};

/** A value as `%s` prints it. */
const plainText = (value: Value): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return special(value)?.replace('∞', 'Infinity') ?? doubleText(value);
  if (value === null || typeof value !== 'object') return String(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof TypeValue) return value.typeName;
  return collectionText(value);
};

const collectionText = (value: Value): string => {
  if (isList(value)) return `[${counted(elementsOf(value).map(innerText)).join(', ')}]`;
  if (isMap(value)) return `{${counted(entryTexts(value)).join(', ')}}`;
  if (value instanceof Optional && value.value !== undefined) return `optional(${plainText(value.value)})`;
  return wrong(
    'string clause',
    'strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
    value,
  );
};

const counted = (parts: readonly string[]): readonly string[] => {
  work(parts.reduce((sum, part) => sum + part.length + 1, 0));
  return parts;
};

const entryTexts = (map: CelMap): string[] => {
  const keys = [...map.keys()].sort((a, b) => (typeof a === typeof b ? compare(a, b) : 0));
  return keys.map((key) => `${innerText(key)}:${innerText(map.find(key)!)}`);
};
