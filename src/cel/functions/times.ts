// Parts of timestamps and durations.
import { datePartsOf } from '../values/time.ts';
import type { Duration, Timestamp } from '../values/value.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';

type Parts = ReturnType<typeof datePartsOf>;

/** Of a timestamp, in UTC or in a zone that is named. */
const datePart = (name: string, id: string, part: (parts: Parts) => number): Overload[] => [
  overload(name, `timestamp_to_${id}`, 'timestamp.() -> int', (time: Timestamp) =>
    BigInt(part(datePartsOf(time))),
  ),
  overload(name, `timestamp_to_${id}_with_tz`, 'timestamp.(string) -> int', (time: Timestamp, zone: string) =>
    BigInt(part(datePartsOf(time, zone))),
  ),
];

/** Of a duration: the whole of it in that unit. */
const durationIn = (name: string, id: string, unit: bigint): Overload =>
  overload(name, `duration_to_${id}`, 'duration.() -> int', ({ nanos }: Duration) => nanos / unit);

const MILLISECOND = 10n ** 6n;
const SECOND = 10n ** 9n;

export const TIMES: readonly Overload[] = [
  ...datePart('getFullYear', 'year', ({ year }) => year),
  ...datePart('getMonth', 'month', ({ month }) => month),
  ...datePart('getDayOfYear', 'day_of_year', ({ yearDay }) => yearDay),
  ...datePart('getDayOfMonth', 'day_of_month', ({ day }) => day - 1),
  ...datePart('getDate', 'day_of_month_1_based', ({ day }) => day),
  ...datePart('getDayOfWeek', 'day_of_week', ({ weekDay }) => weekDay),
  ...datePart('getHours', 'hours', ({ hour }) => hour),
  ...datePart('getMinutes', 'minutes', ({ minute }) => minute),
  ...datePart('getSeconds', 'seconds', ({ second }) => second),
  ...datePart('getMilliseconds', 'milliseconds', ({ millisecond }) => millisecond),
  durationIn('getHours', 'hours', 3600n * SECOND),
  durationIn('getMinutes', 'minutes', 60n * SECOND),
  durationIn('getSeconds', 'seconds', SECOND),
  overload(
    'getMilliseconds',
    'duration_to_milliseconds',
    'duration.() -> int',
    ({ nanos }: Duration) => (nanos % SECOND) / MILLISECOND,
  ),
];
