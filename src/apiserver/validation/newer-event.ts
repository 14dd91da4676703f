// Rules for Events of events.k8s.io/v1: stricter than the core group's (kubernetes pkg/apis/core/validation/events.go).
import { invalid, required } from '../../k8s/field-errors.ts';
import type { EventsV1Event } from '../../k8s/generated/types.ts';
import { equalJson } from '../../lang/json.ts';
import { coreEvent } from '../../k8s/event-views.ts';
import { type FieldErrors, ifSet, when } from './compose.ts';
import { validateEvent } from './event.ts';
import { FIELD_IMMUTABLE } from './scalars.ts';

/** New events say when, and leave what is deprecated unset. Findings are named as in the core group, as by kube-apiserver. */
export const validateNewerEvent = (event: EventsV1Event): FieldErrors => [
  ...ofCore(event),
  ...series(event),
  ...when(!event.eventTime, () => required('eventTime')),
  ...when(event.type !== 'Normal' && event.type !== 'Warning', () =>
    invalid('type', '', `has invalid value: ${event.type ?? ''}`),
  ),
  ...unset('firstTimestamp', event.deprecatedFirstTimestamp),
  ...unset('lastTimestamp', event.deprecatedLastTimestamp),
  ...unset('count', event.deprecatedCount),
  ...unset('source', event.deprecatedSource?.component || event.deprecatedSource?.host),
];

const ofCore = (event: EventsV1Event): FieldErrors =>
  validateEvent(coreEvent(event)).map((error) =>
    error.field === 'reportingComponent' ? { ...error, field: 'reportingController' } : error,
  );

const unset = (field: string, value: unknown): FieldErrors =>
  when(Boolean(value), () => invalid(field, '', 'needs to be unset'));

const series = ({ series: value }: EventsV1Event): FieldErrors =>
  ifSet(value, ({ count, lastObservedTime }) => [
    ...when((count ?? 0) < 2, () => invalid('series.count', '', 'should be at least 2')),
    ...when(!lastObservedTime, () => required('series.lastObservedTime')),
  ]);

/** [the field, its name in the core group] */
const FIXED = [
  ['regarding', 'involvedObject'],
  ['reason', 'reason'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['type', 'type'],
  ['eventTime', 'eventTime'],
  ['action', 'action'],
  ['related', 'related'],
  ['reportingController', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
] as const;

/** Only the series goes on. */
export const validateNewerEventUpdate = (event: EventsV1Event, before: EventsV1Event): FieldErrors => [
  ...ofCore(event),
  ...(equalJson(event.series ?? null, before.series ?? null) ? [] : series(event)),
  ...FIXED.flatMap(([name, path]) =>
    when(!equalJson(event[name] ?? null, before[name] ?? null), () =>
      invalid(path, event[name] ?? null, FIELD_IMMUTABLE),
    ),
  ),
];
