import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndpointSlice } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { SyncMeter } from './sync-meter.ts';
import { endpointChangesPending, programmingSeconds, syncFailures } from './metrics.ts';

const START_MS = Date.parse('2026-11-24T12:00:00Z');

const sliceOf = (service: string, trigger: string, addressType = 'IPv4'): Stored<EndpointSlice> => ({
  metadata: {
    name: `${service}-1`,
    namespace: 'default',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: trigger,
    labels: { 'kubernetes.io/service-name': service },
    annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': trigger },
  },
  addressType,
  endpoints: [],
});

/** Count and sum of the latencies of a family. */
const latencies = (family: string): readonly number[] =>
  ['_count', '_sum'].map(
    (suffix) =>
      programmingSeconds
        .samples()
        .find(({ metricName, labels }) => metricName?.endsWith(suffix) && labels['ip_family'] === family)
        ?.value ?? 0,
  );

const none = async (): Promise<ReadonlySet<string>> => new Set();

describe('SyncMeter', () => {
  it('measures from the trigger time in the slice to the sync that carries its Service, once', async () => {
    const clock = createFakeClock(START_MS);
    const meter = new SyncMeter(clock);
    const slice = sliceOf('web', '2026-11-24T12:00:01Z');
    await clock.advance(3000);
    meter.heardSlice(undefined, slice);
    assert.equal(endpointChangesPending.samples()[0]!.value, 1);
    await meter.measure('partial', new Set(['default/other']), none);
    assert.deepEqual(latencies('IPv4'), [0, 0]);
    await meter.measure('partial', new Set(['default/web']), none);
    assert.deepEqual(latencies('IPv4'), [1, 2]);
    meter.heardSlice(slice, { ...slice });
    await meter.measure('partial', new Set(['default/web']), none);
    assert.deepEqual(latencies('IPv4'), [1, 2]);
  });

  it('goes on counting while the kernel refuses, and leaves out what happened before the agent started', async () => {
    const clock = createFakeClock(START_MS);
    const meter = new SyncMeter(clock);
    const failures = syncFailures.samples()[0]!.value;
    meter.heardSlice(undefined, sliceOf('old', '2026-11-24T11:59:00Z', 'IPv6'));
    meter.heardSlice(undefined, sliceOf('web', '2026-11-24T12:00:00Z', 'IPv6'));
    await meter.measure(
      'partial',
      new Set(['default/web', 'default/old']),
      async () => new Set(['default/web']),
    );
    await clock.advance(5000);
    await meter.measure('partial', new Set(['default/web']), none);
    assert.deepEqual(latencies('IPv6'), [1, 5]);
    assert.equal(syncFailures.samples()[0]!.value, failures + 1);
  });
});
