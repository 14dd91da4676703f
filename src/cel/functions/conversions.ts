// Conversions between types and `type()` (cel-go common/stdlib/standard.go).
import { ONE, reads } from '../cost/model.ts';
import {
  formatDuration,
  formatTimestamp,
  parseDuration,
  parseTimestamp,
  timestampOf,
} from '../values/time.ts';
import { CelError, TypeValue, typeNameOf } from '../values/value.ts';
import type { Duration, Timestamp, Uint, Value } from '../values/value.ts';
import { int, uint, wholePart } from './integers.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';

const same = (value: Value): Value => value;

const failed = (text: string, from: string, to: string): never => {
  throw new CelError(`type conversion error from '${from}' to '${to}'${text === '' ? '' : `: ${text}`}`);
};

const parseInteger = (text: string, type: 'int' | 'uint'): bigint =>
  /^[+-]?\d+$/.test(text) ? BigInt(text.replace('+', '')) : failed(JSON.stringify(text), 'string', type);

const parseDouble = (text: string): number => {
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
  if (isNumber) return Number(text);
  const special = /^([+-]?)(?:inf(?:inity)?|(nan))$/i.exec(text);
  if (!special) return failed(JSON.stringify(text), 'string', 'double');
  return special[2] ? Number.NaN : special[1] === '-' ? -Infinity : Infinity;
};

const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

const parseBool = (text: string): boolean => {
  if (TRUE.includes(text)) return true;
  return FALSE.includes(text) ? false : failed(JSON.stringify(text), 'string', 'bool');
};

/** As Go prints a float64: the shortest text, exponents from 1e21 and below 1e-4. */
export const doubleText = (value: number): string => {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e21)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return Object.is(value, -0) ? '-0' : String(value);
};

const decode = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CelError('invalid UTF-8 in bytes, cannot convert to string');
  }
};

const timeFrom = (text: string): Timestamp =>
  parseTimestamp(text) ?? failed(JSON.stringify(text), 'string', 'google.protobuf.Timestamp');
const durationFrom = (text: string): Duration =>
  parseDuration(text) ?? failed(JSON.stringify(text), 'string', 'google.protobuf.Duration');

export const CONVERSIONS: readonly Overload[] = [
  overload('type', 'type', '(A) -> type(A)', (value: Value) => new TypeValue(typeNameOf(value))),
  overload('dyn', 'to_dyn', '(A) -> dyn', same),
  overload('bool', 'bool_to_bool', '(bool) -> bool', same),
  overload('bool', 'string_to_bool', '(string) -> bool', parseBool),
  overload('bytes', 'bytes_to_bytes', '(bytes) -> bytes', same),
  overload('bytes', 'string_to_bytes', '(string) -> bytes', (text: string) => Buffer.from(text), {
    ...reads(0),
    estimate: ([text]) => ({
      ...reads(0).estimate([text!]),
      size: { min: text!.size.min, max: text!.size.max * 4 },
    }),
  }),
  overload('double', 'double_to_double', '(double) -> double', same),
  overload('double', 'int64_to_double', '(int) -> double', Number),
  overload('double', 'string_to_double', '(string) -> double', parseDouble),
  overload('double', 'uint64_to_double', '(uint) -> double', ({ value }: Uint) => Number(value)),
  overload('duration', 'duration_to_duration', '(duration) -> duration', same),
  overload('duration', 'string_to_duration', '(string) -> duration', durationFrom),
  overload('int', 'int64_to_int64', '(int) -> int', same),
  overload('int', 'double_to_int64', '(double) -> int', (value: number) => int(wholePart(value))),
  overload('int', 'duration_to_int64', '(duration) -> int', ({ nanos }: Duration) => nanos),
  overload('int', 'string_to_int64', '(string) -> int', (text: string) => int(parseInteger(text, 'int'))),
  overload('int', 'timestamp_to_int64', '(timestamp) -> int', ({ nanos }: Timestamp) => nanos / 10n ** 9n),
  overload('int', 'uint64_to_int64', '(uint) -> int', ({ value }: Uint) => int(value)),
  overload('string', 'string_to_string', '(string) -> string', same),
  overload('string', 'bool_to_string', '(bool) -> string', String),
  overload('string', 'bytes_to_string', '(bytes) -> string', decode, reads(0, { keepsSize: true })),
  overload('string', 'double_to_string', '(double) -> string', doubleText),
  overload('string', 'duration_to_string', '(duration) -> string', formatDuration),
  overload('string', 'int64_to_string', '(int) -> string', String),
  overload('string', 'timestamp_to_string', '(timestamp) -> string', formatTimestamp),
  overload('string', 'uint64_to_string', '(uint) -> string', ({ value }: Uint) => String(value)),
  overload('timestamp', 'timestamp_to_timestamp', '(timestamp) -> timestamp', same),
  overload('timestamp', 'int64_to_timestamp', '(int) -> timestamp', (seconds: bigint) =>
    timestampOf(seconds * 10n ** 9n),
  ),
  overload('timestamp', 'string_to_timestamp', '(string) -> timestamp', timeFrom, ONE),
  overload('uint', 'uint64_to_uint64', '(uint) -> uint', same),
  overload('uint', 'double_to_uint64', '(double) -> uint', (value: number) => uint(wholePart(value))),
  overload('uint', 'int64_to_uint64', '(int) -> uint', uint),
  overload('uint', 'string_to_uint64', '(string) -> uint', (text: string) =>
    uint(parseInteger(text, 'uint')),
  ),
];
