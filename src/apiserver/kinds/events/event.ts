import type { EventsV1Event } from '../../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../../k8s/objects.ts';
import { events, newerEvents } from '../../../k8s/resources.ts';
import { rememberEach } from '../../../lang/remember.ts';
import { eventCells } from '../../columns/event-cells.ts';
import type { Draft } from '../../kind.ts';
import { validateNewerEvent, validateNewerEventUpdate } from '../../validation/newer-event.ts';
import { eventKind } from '../core/event.ts';
import { defineKind } from '../define-kind.ts';
import { coreEvent, newerEvent } from '../../../k8s/event-views.ts';

/** The Events of core/v1 under their newer names: the same objects. */
export const newerEventKind = defineKind<EventsV1Event>({
  resource: newerEvents,
  storage: events,
  view: rememberEach((stored: Stored<KubeObject>) => newerEvent(stored) as Stored<KubeObject>),
  storedForm: (draft) => coreEvent(draft) as Draft,
  singular: 'event',
  shortNames: ['ev'],
  categories: [],
  definition: 'io.k8s.api.events.v1.Event',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  columns: eventKind.columns,
  row: (event, nowMs) => eventCells(coreEvent(event), nowMs),
  fields: {
    'regarding.kind': ({ regarding }) => regarding?.kind ?? '',
    'regarding.namespace': ({ regarding }) => regarding?.namespace ?? '',
    'regarding.name': ({ regarding }) => regarding?.name ?? '',
    'regarding.uid': ({ regarding }) => regarding?.uid ?? '',
    'regarding.apiVersion': ({ regarding }) => regarding?.apiVersion ?? '',
    'regarding.resourceVersion': ({ regarding }) => regarding?.resourceVersion ?? '',
    'regarding.fieldPath': ({ regarding }) => regarding?.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingController: ({ reportingController }) => reportingController ?? '',
    type: ({ type }) => type ?? '',
  },
  applyDefaults: (event) => {
    event.regarding ??= {};
  },
  validate: (event, _context, before) => (before ? [] : validateNewerEvent(event)),
  validateUpdate: validateNewerEventUpdate,
});
