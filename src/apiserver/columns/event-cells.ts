// The row of an Event (kubernetes pkg/printers/internalversion/printers.go printEvent). Two writers share the kind: the
// older fills firstTimestamp, lastTimestamp and source, the newer eventTime, series and reportingComponent.
import type { Event } from '../../k8s/generated/types.ts';
import type { Cell } from '../kind.ts';
import { ageOf } from './age.ts';
import { nameCell } from './columns.ts';

export const eventCells = (event: Event, nowMs: number): readonly Cell[] => {
  const first = event.firstTimestamp || event.eventTime;
  const last = event.series ? event.series.lastObservedTime : event.lastTimestamp || first;
  return [
    ageOf(last, nowMs),
    event.type ?? '',
    event.reason ?? '',
    objectCell(event),
    event.involvedObject.fieldPath ?? '',
    sourceCell(event),
    (event.message ?? '').trim(),
    ageOf(first, nowMs),
    event.series ? (event.series.count ?? 0) : event.count || 1,
    nameCell(event),
  ];
};

const objectCell = ({ involvedObject: { kind, name } }: Event): string =>
  name ? `${(kind ?? '').toLowerCase()}/${name}` : (kind ?? '').toLowerCase();

const sourceCell = ({ source, reportingComponent, reportingInstance }: Event): string =>
  [source?.component || reportingComponent, source?.host || reportingInstance].filter(Boolean).join(', ');
