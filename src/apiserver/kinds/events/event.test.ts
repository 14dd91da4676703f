// Events under both of their names.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { statusOf } from '../../../../test/support/registry-verbs.ts';
import { testContext } from '../../../../test/support/test-registry.ts';
import { type WholeRegistry, createWholeRegistry } from '../../../../test/support/whole-registry.ts';
import type { Event, EventsV1Event } from '../../../k8s/generated/types.ts';
import type { Kind } from '../../kind.ts';
import { events, newerEvents } from '../../../k8s/resources.ts';

let api: WholeRegistry;
let core: Kind;
let newer: Kind;
beforeEach(async () => {
  api = await createWholeRegistry();
  [core, newer] = [api.registry.kinds.find(events)!, api.registry.kinds.find(newerEvents)!];
});

const at = (name: string) => ({ namespace: 'ns', name });
const make = <T>(kind: Kind, fields: object): Promise<T> =>
  api.registry.create(kind, 'ns', { metadata: { name: 'e' }, ...fields }, testContext()) as Promise<T>;

const OLD = {
  involvedObject: { kind: 'Pod', name: 'p', namespace: 'ns' },
  reason: 'Started',
  message: 'it runs',
  type: 'Normal',
  source: { component: 'kubelet', host: 'node-1' },
  firstTimestamp: '2026-01-01T00:00:00Z',
  lastTimestamp: '2026-01-01T00:01:00Z',
  count: 3,
};
const NEW = {
  regarding: { kind: 'Pod', name: 'p', namespace: 'ns' },
  reason: 'Started',
  action: 'Start',
  note: 'it runs',
  type: 'Normal',
  eventTime: '2026-01-01T00:00:00.000000Z',
  reportingController: 'example.com/c',
  reportingInstance: 'c-1',
};

describe('Event of events.k8s.io/v1', () => {
  it('shows what was written to the core group', async () => {
    await make(core, OLD);
    const { metadata: _metadata, ...event } = api.registry.get(newer, at('e')) as unknown as EventsV1Event;
    assert.deepEqual(event, {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      regarding: OLD.involvedObject,
      reason: 'Started',
      note: 'it runs',
      type: 'Normal',
      deprecatedSource: OLD.source,
      deprecatedFirstTimestamp: OLD.firstTimestamp,
      deprecatedLastTimestamp: OLD.lastTimestamp,
      deprecatedCount: 3,
      reportingController: '',
      reportingInstance: '',
    });
  });

  it('is shown in the core group, and selected by the names of either', async () => {
    await make(newer, NEW);
    const event = api.registry.get(core, at('e')) as unknown as Event;
    assert.deepEqual(
      [event.apiVersion, event.message, event.involvedObject.name, event.reportingComponent],
      ['v1', 'it runs', 'p', 'example.com/c'],
    );
    const found = (kind: Kind, fieldSelector: string): number =>
      api.registry.list(kind, { namespace: 'ns', fieldSelector }).items.length;
    assert.equal(found(core, 'involvedObject.name=p'), 1);
    assert.equal(found(newer, 'regarding.name=p'), 1);
    assert.equal(found(newer, 'regarding.name=q'), 0);
  });

  it('goes on as a series, and in nothing else', async () => {
    await make(newer, NEW);
    const patch = (body: object) =>
      api.registry.patch(newer, at('e'), { type: 'application/merge-patch+json', body }, testContext());
    const lastObservedTime = '2026-01-01T00:05:00.000000Z';
    await patch({ series: { count: 2, lastObservedTime } });
    const event = api.registry.get(core, at('e')) as unknown as Event;
    assert.deepEqual(event.series, { count: 2, lastObservedTime });
    const { message } = await statusOf(patch({ note: 'other', series: { count: 1, lastObservedTime } }));
    assert.match(message ?? '', /series.count: Invalid value: "": should be at least 2/);
    assert.match(message ?? '', /message: Invalid value: "other": field is immutable/);
  });

  it('is heard of by watchers of both', async () => {
    const heard: string[] = [];
    for (const kind of [core, newer])
      api.registry.watch(
        kind,
        { namespace: 'ns' },
        {
          event: (event) => {
            if ('object' in event) heard.push(`${event.type} ${event.object.apiVersion}`);
          },
        },
      );
    await make(newer, NEW);
    await api.registry.delete(core, at('e'), {}, testContext());
    assert.deepEqual(heard.sort(), [
      'ADDED events.k8s.io/v1',
      'ADDED v1',
      'DELETED events.k8s.io/v1',
      'DELETED v1',
    ]);
  });

  for (const [wrong, finding] of [
    [{ eventTime: undefined }, 'eventTime: Required value'],
    [{ type: 'Odd' }, 'type: Invalid value: "": has invalid value: Odd'],
    [{ deprecatedCount: 1 }, 'count: Invalid value: "": needs to be unset'],
    [{ reportingController: '' }, 'reportingController: Required value'],
    [{ action: '' }, 'action: Required value'],
  ] as const)
    it(`refuses ${JSON.stringify(wrong)}`, async () => {
      const { code, message } = await statusOf(make(newer, { ...NEW, ...wrong }));
      assert.equal(code, 422);
      assert.ok(message?.includes(finding), message);
    });
});
