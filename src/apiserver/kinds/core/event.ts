import type { Event } from '../../../k8s/generated/types.ts';
import { events } from '../../../k8s/resources.ts';
import { parseTime } from '../../../k8s/time.ts';
import { NAME, texts, wide } from '../../columns/columns.ts';
import { eventCells } from '../../columns/event-cells.ts';
import { validateEvent } from '../../validation/event.ts';
import { defineKind } from '../define-kind.ts';

export const eventKind = defineKind<Event>({
  resource: events,
  singular: 'event',
  shortNames: ['ev'],
  categories: [],
  definition: 'io.k8s.api.core.v1.Event',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  columns: [
    ...texts('Last Seen', 'Type', 'Reason', 'Object'),
    ...wide('Subobject', 'Source'),
    ...texts('Message'),
    ...wide('First Seen', 'Count'),
    { ...NAME, priority: 1 },
  ],
  row: eventCells,
  fields: {
    'involvedObject.kind': ({ involvedObject }) => involvedObject.kind ?? '',
    'involvedObject.namespace': ({ involvedObject }) => involvedObject.namespace ?? '',
    'involvedObject.name': ({ involvedObject }) => involvedObject.name ?? '',
    'involvedObject.uid': ({ involvedObject }) => involvedObject.uid ?? '',
    'involvedObject.apiVersion': ({ involvedObject }) => involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': ({ involvedObject }) => involvedObject.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? '',
    source: ({ source, reportingComponent }) => source?.component || (reportingComponent ?? ''),
    type: ({ type }) => type ?? '',
  },
  applyDefaults: (event) => {
    event.involvedObject ??= {};
    // Both are empty strings in the objects of every Kubernetes server, never absent.
    event.reportingComponent ??= '';
    event.reportingInstance ??= '';
  },
  validate: validateEvent,
  expiresMs: (event) => lastSeenMs(event) + TTL_MS,
});

// kube-apiserver's --event-ttl, counted from the last time that the event was written.
const TTL_MS = 3_600_000;

const lastSeenMs = ({ metadata, lastTimestamp, series }: Event): number =>
  Math.max(
    ...[metadata?.creationTimestamp, lastTimestamp, series?.lastObservedTime]
      .map(parseTime)
      .filter((timeMs) => !Number.isNaN(timeMs)),
  );
