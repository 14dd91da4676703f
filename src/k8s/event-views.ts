// The two faces of an Event: core/v1, in which it is stored, and events.k8s.io/v1 (kubernetes pkg/apis/events/v1/conversion.go).
// KEP-383.
import type { Event, EventsV1Event } from './generated/types.ts';

/** [events.k8s.io/v1, core/v1]; fields that are not named here are called the same in both. */
const NAMES = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
] as const;

const toCore = new Map<string, string>(NAMES);
const fromCore = new Map<string, string>(NAMES.map(([newer, older]) => [older, newer]));

const renamed = (object: object, names: ReadonlyMap<string, string>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [names.get(name) ?? name, value]));

export const newerEvent = (event: object): EventsV1Event =>
  ({ ...renamed(event, fromCore), apiVersion: 'events.k8s.io/v1' }) as unknown as EventsV1Event;

export const coreEvent = (event: object): Event =>
  ({ involvedObject: {}, ...renamed(event, toCore), apiVersion: 'v1' }) as unknown as Event;
