// Events as `kubectl describe` shows them: written in the background, repeats counted on one object.
import { isNotFound } from '../k8s/api-error.ts';
import type { Event } from '../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import { apiVersionOf, events } from '../k8s/resources.ts';
import type { Resource } from '../k8s/resources.ts';
import { formatTime } from '../k8s/time.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import type { ApiClient } from './client.ts';

export type EventFacts = {
  readonly type: 'Normal' | 'Warning';
  /** In CamelCase, for programs. */
  readonly reason: string;
  readonly message: string;
  /** The part of the object, e.g. `spec.containers{web}`. */
  readonly fieldPath?: string;
};

export type EventRecorder = {
  /** Returns at once and never throws: an event that cannot be written is only logged. */
  readonly record: (resource: Resource, about: Stored<KubeObject>, facts: EventFacts) => void;
};

export type EventRecorderOptions = {
  readonly client: Pick<ApiClient, 'create' | 'patch'>;
  /** Who reports: `default-scheduler`, `kubelet`. */
  readonly component: string;
  /** The node, for what runs on one. */
  readonly host?: string;
  readonly clock: Clock;
  readonly log: Log;
};

/** How many different events are remembered for counting. */
const REMEMBERED_MAX = 2048;

type Series = { event: Event; count: number; written: number; isWriting: boolean };

export const createEventRecorder = (options: EventRecorderOptions): EventRecorder => {
  const seriesByIdentity = new Map<string, Series>();
  const nameOf = eventNames(options.clock);

  const remember = (identity: string, event: Event): Series => {
    const series: Series = { event, count: 0, written: 0, isWriting: false };
    seriesByIdentity.set(identity, series);
    const oldest = seriesByIdentity.keys().next();
    if (seriesByIdentity.size > REMEMBERED_MAX && !oldest.done) seriesByIdentity.delete(oldest.value);
    return series;
  };

  const record: EventRecorder['record'] = (resource, about, facts) => {
    const identity = JSON.stringify([about.metadata.uid, facts]);
    const name = nameOf(about.metadata.name);
    const series =
      seriesByIdentity.get(identity) ??
      remember(identity, eventOf({ ...options, resource, about, facts, name }));
    series.count++;
    if (!series.isWriting) void writeSeries(options, series);
  };
  return { record };
};

/** Names are unique in this process, and between processes by their time in nanoseconds, as client-go makes them. */
const eventNames = (clock: Clock): ((aboutName: string) => string) => {
  let last = 0n;
  return (aboutName) => {
    const now = BigInt(Math.floor(clock.now())) * 1_000_000n;
    last = now > last ? now : last + 1n;
    return `${aboutName.slice(0, 230)}.${last.toString(16)}`;
  };
};

const eventOf = (options: {
  readonly resource: Resource;
  readonly about: Stored<KubeObject>;
  readonly facts: EventFacts;
  readonly name: string;
  readonly component: string;
  readonly host?: string;
  readonly clock: Clock;
}): Event => {
  const { resource, about, facts, name, component, host, clock } = options;
  const { namespace, uid, resourceVersion } = about.metadata;
  const now = formatTime(clock.now());
  return {
    metadata: { name, namespace: namespace ?? 'default' },
    involvedObject: {
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      name: about.metadata.name,
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion,
      ...(facts.fieldPath === undefined ? {} : { fieldPath: facts.fieldPath }),
    },
    type: facts.type,
    reason: facts.reason,
    message: facts.message.slice(0, 1024), // kube-apiserver refuses longer ones
    source: host === undefined ? { component } : { component, host },
    reportingComponent: component,
    reportingInstance: host ?? '',
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
};

/** One write at a time for a series; what came meanwhile is counted by the next. */
const writeSeries = async (options: EventRecorderOptions, series: Series): Promise<void> => {
  series.isWriting = true;
  while (series.written < series.count) {
    const { count } = series;
    try {
      await writeOnce(options, series, count);
    } catch (error) {
      options.log.debug({ err: error, reason: series.event.reason }, 'event not written');
    }
    series.written = count;
  }
  series.isWriting = false;
};

const writeOnce = async (
  { client, clock }: EventRecorderOptions,
  { event, written }: Series,
  count: number,
): Promise<void> => {
  const { name = '', namespace } = event.metadata;
  const lastTimestamp = formatTime(clock.now());
  const create = (): Promise<unknown> => client.create(events, { ...event, count, lastTimestamp }, namespace);
  if (written === 0) return void (await create());
  try {
    const type = 'application/merge-patch+json';
    await client.patch(events, { name, namespace }, { count, lastTimestamp }, { type });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await create();
  }
};
