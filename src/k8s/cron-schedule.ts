// Schedules of CronJobs: `*/5 * * * *`, `@hourly`, `@every 90m`. The grammar is that of robfig/cron v3, which Kubernetes
// uses: five fields, no seconds, Sunday is 0 and only 0. https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
import { Cron } from 'croner';

export type CronSchedule = {
  /** The first time after `afterMs` at which it is due, in milliseconds since the epoch; undefined if there is none. */
  readonly nextMs: (afterMs: number) => number | undefined;
};

type ParsedSchedule =
  | { readonly ok: true; readonly schedule: CronSchedule }
  | { readonly ok: false; readonly reason: string };

/** Reads a schedule. `timeZone`: an IANA name; UTC without one. */
export const parseCronSchedule = (text: string, timeZone = 'UTC'): ParsedSchedule => {
  const every = /^@every (.+)$/.exec(text);
  if (every) return parseEvery(every[1]!, text);
  const spec = DESCRIPTORS.get(text) ?? text;
  if (spec.startsWith('@')) return { ok: false, reason: `unrecognized descriptor: ${text}` };
  const reason = wrongFields(spec);
  if (reason) return { ok: false, reason };
  const cron = new Cron(croner(spec), { mode: '5-part', timezone: timeZone, paused: true });
  return { ok: true, schedule: { nextMs: (afterMs) => nextMatch(cron, afterMs) } };
};

/** A time of day that a change of the clocks leaves out is left out that day; croner puts it off. */
const nextMatch = (cron: Cron, afterMs: number): number | undefined => {
  let next = cron.nextRun(new Date(afterMs));
  while (next && !cron.match(next)) next = cron.nextRun(next);
  return next?.getTime();
};

export const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};

const DESCRIPTORS: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const DAYS = 'sun mon tue wed thu fri sat'.split(' ');

type Field = { readonly min: number; readonly max: number; readonly names?: readonly string[] };

const FIELDS: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: DAYS },
];

const wrongFields = (spec: string): string | undefined => {
  const parts = spec.trim().split(/\s+/).filter(Boolean);
  if (parts.length !== FIELDS.length)
    return `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`;
  return parts
    .flatMap((part, at) => part.split(',').map((range) => wrongRange(range, FIELDS[at]!)))
    .find(Boolean);
};

/** One of `*`, `3`, `1-5`, each with or without `/step`. */
const wrongRange = (range: string, field: Field): string | undefined => {
  const [span = '', step, ...more] = range.split('/');
  if (more.length > 0) return `too many slashes: ${range}`;
  if (step !== undefined && !/^\d+$/.test(step)) return `failed to parse int from ${step}`;
  if (step !== undefined && Number(step) === 0) return `step of range should be a positive number: ${range}`;
  if (span === '*' || span === '?') return undefined;
  const ends = span.split('-');
  if (ends.length > 2) return `too many hyphens: ${range}`;
  return wrongSpan(ends, range, field);
};

const wrongSpan = (ends: readonly string[], range: string, field: Field): string | undefined => {
  const numbers = ends.map((end) => numberOf(end, field));
  const unreadable = numbers.indexOf(undefined);
  if (unreadable >= 0) return `failed to parse int from ${ends[unreadable]}`;
  const [start, end = start] = numbers as [number, number?];
  if (start < field.min) return `beginning of range (${start}) below minimum (${field.min}): ${range}`;
  if (end! > field.max) return `end of range (${end}) above maximum (${field.max}): ${range}`;
  return start > end! ? `beginning of range (${start}) beyond end of range (${end}): ${range}` : undefined;
};

const numberOf = (text: string, { min, names = [] }: Field): number | undefined => {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return named + min;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
};

/** `3/5` means from 3 to the end by fives; croner wants the end spelt out. */
const croner = (spec: string): string =>
  spec
    .trim()
    .split(/\s+/)
    .map((part, at) =>
      part
        .split(',')
        .map((range) => range.replace(/^([^*?/-]+)\//, `$1-${FIELDS[at]!.max}/`))
        .join(','),
    )
    .join(' ');

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A Go duration, in whole seconds, at least one. */
const parseEvery = (text: string, schedule: string): ParsedSchedule => {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text))
    return { ok: false, reason: `failed to parse duration ${schedule}: time: invalid duration "${text}"` };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const sumMs = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS_MS[unit!]!, 0);
  const everyMs = Math.max(1000, Math.floor(sumMs / 1000) * 1000);
  return {
    ok: true,
    schedule: { nextMs: (afterMs) => Math.floor(afterMs / 1000) * 1000 + everyMs },
  };
};
