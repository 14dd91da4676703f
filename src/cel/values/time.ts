// Timestamps (RFC 3339) and durations (Go's `1h30m`), exact to a nanosecond.
import { CelError, Duration, Timestamp } from './value.ts';

const SECOND = 10n ** 9n;
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 10n ** 6n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3600n * SECOND,
};
/** 0001-01-01T00:00:00Z .. 9999-12-31T23:59:59.999999999Z, as protobuf bounds it. */
const [FIRST, LAST] = [-62135596800n * SECOND, 253402300800n * SECOND - 1n];
const [MIN_INT, MAX_INT] = [-(2n ** 63n), 2n ** 63n - 1n];

/** Parses RFC 3339; undefined if it is no such text or outside of years 1 .. 9999. */
export const parseTimestamp = (text: string): Timestamp | undefined => {
  const match = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)$/.exec(text);
  if (!match) return undefined;
  const [, date, time, fraction = '', zone] = match;
  const millis = Date.parse(`${date}T${time}${zone!.toUpperCase()}`);
  if (Number.isNaN(millis) || !isCalendarDate(date!)) return undefined;
  const nanos = BigInt(millis) * 10n ** 6n + BigInt(fraction.padEnd(9, '0'));
  return inTimestampRange(nanos) ? new Timestamp(nanos) : undefined;
};

/** JavaScript takes 2026-02-30 for the second of March. */
const isCalendarDate = (date: string): boolean =>
  new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10) === date;

/** Parses a date alone, `2026-11-30`. */
export const parseDate = (text: string): Timestamp | undefined => parseTimestamp(`${text}T00:00:00Z`);

/** `2026-11-30T10:00:00.5Z`: always UTC, no zeros at the end of the fraction. */
export const formatTimestamp = ({ nanos }: Timestamp): string => {
  const seconds = floorDivide(nanos, SECOND);
  const base = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${base}${fractionText(nanos - seconds * SECOND)}Z`;
};

/** Throws CelError outside of years 1 .. 9999. */
export const timestampOf = (nanos: bigint): Timestamp => {
  if (!inTimestampRange(nanos)) throw new CelError('timestamp overflow');
  return new Timestamp(nanos);
};

const inTimestampRange = (nanos: bigint): boolean => nanos >= FIRST && nanos <= LAST;

/** Throws CelError beyond 64 bits (some 292 years). */
export const durationOf = (nanos: bigint): Duration => {
  if (nanos < MIN_INT || nanos > MAX_INT) throw new CelError('duration overflow');
  return new Duration(nanos);
};

/** Parses `-1.5h`, `1h30m`, `0`; undefined if it is no such text or too long. */
export const parseDuration = (text: string): Duration | undefined => {
  const match = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.exec(text);
  if (!match) return /^[+-]?0$/.test(text) ? new Duration(0n) : undefined;
  let nanos = 0n;
  for (const [, digits, unit] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const [whole, fraction = ''] = digits!.split('.') as [string, string?];
    const scale = UNITS[unit!]!;
    nanos +=
      BigInt(whole || '0') * scale + (BigInt(fraction || '0') * scale) / 10n ** BigInt(fraction.length);
  }
  if (match[1] === '-') nanos = -nanos;
  return nanos >= MIN_INT && nanos <= MAX_INT ? new Duration(nanos) : undefined;
};

/** Seconds, as CEL prints durations: `5400s`, `0.5s`. */
export const formatDuration = ({ nanos }: Duration): string => {
  const magnitude = nanos < 0n ? -nanos : nanos;
  const seconds = magnitude / SECOND;
  return `${nanos < 0n ? '-' : ''}${seconds}${fractionText(magnitude - seconds * SECOND)}s`;
};

const fractionText = (nanos: bigint): string =>
  nanos === 0n ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`;

const floorDivide = (a: bigint, b: bigint): bigint => (a % b < 0n ? a / b - 1n : a / b);

type DateParts = { readonly [part in 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second']: number } & {
  /** Sunday is 0. */
  readonly weekDay: number;
  /** From 0. */
  readonly yearDay: number;
  readonly millisecond: number;
};

/** A timestamp's parts in a zone: `UTC`, `Europe/Berlin` or `+02:00`. Throws CelError for an unknown zone. */
export const datePartsOf = ({ nanos }: Timestamp, zone = 'UTC'): DateParts => {
  const millis = Number(floorDivide(nanos, 10n ** 6n));
  const local = new Date(millis + zoneOffsetMs(millis, zone));
  const yearStart = Date.UTC(local.getUTCFullYear(), 0, 1);
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth(),
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    millisecond: local.getUTCMilliseconds(),
    weekDay: local.getUTCDay(),
    yearDay: Math.floor((local.getTime() - yearStart) / 86_400_000),
  };
};

const zoneOffsetMs = (millis: number, zone: string): number => {
  const fixed = /^([+-]?)(\d\d):(\d\d)$/.exec(zone);
  if (fixed) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000;
  if (zone === 'UTC' || zone === '') return 0;
  return namedOffsetMs(millis, zone);
};

const namedOffsetMs = (millis: number, zone: string): number => {
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    const name = format.formatToParts(millis).find(({ type }) => type === 'timeZoneName')!.value;
    const offset = name.replace('GMT', '');
    return offset === '' ? 0 : zoneOffsetMs(millis, offset);
  } catch {
    throw new CelError(`unknown time zone ${zone}`);
  }
};
