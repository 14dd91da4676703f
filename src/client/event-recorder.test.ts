import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClient } from '../../test/support/fake-client.ts';
import { createFakeClock, settle } from '../../test/support/fake-clock.ts';
import { podOf } from '../../test/support/object-builders.ts';
import { events, pods } from '../k8s/resources.ts';
import { silentLog } from '../lang/log.ts';
import { createEventRecorder } from './event-recorder.ts';

const start = () => {
  const client = createFakeClient();
  const clock = createFakeClock();
  const recorder = createEventRecorder({
    client,
    component: 'kubelet',
    host: 'node-1',
    clock,
    log: silentLog,
  });
  const pod = client.put(pods, podOf('p'));
  const fail = (message = 'no'): void =>
    recorder.record(pods, pod, { type: 'Warning', reason: 'Failed', message });
  const lines = (): string[] =>
    client.all(events).map(({ count, lastTimestamp, message }) => `${message} x${count} ${lastTimestamp}`);
  return { client, clock, pod, fail, lines };
};

describe('createEventRecorder()', () => {
  it('writes what kubectl describe looks for', async () => {
    const { client, pod, fail } = start();
    fail();
    await settle();
    const [event] = client.all(events);
    assert.deepEqual(event?.involvedObject, {
      apiVersion: 'v1',
      kind: 'Pod',
      name: 'p',
      namespace: 'ns',
      uid: pod.metadata.uid,
      resourceVersion: pod.metadata.resourceVersion,
    });
    assert.match(event.metadata.name, /^p\.[0-9a-f]{16}$/);
    assert.deepEqual(event.source, { component: 'kubelet', host: 'node-1' });
  });

  it('counts repeats on one event, many at once with one write', async () => {
    const { client, clock, fail, lines } = start();
    fail();
    await settle();
    await clock.advance(60_000);
    for (let i = 0; i < 10; i++) fail();
    fail('other');
    await settle();
    assert.deepEqual(lines(), ['no x11 2026-01-01T00:01:00Z', 'other x1 2026-01-01T00:01:00Z']);
    assert.ok(client.calls.length <= 4, 'two creations, and at most two patches');
  });

  it('writes an event anew that is gone meanwhile, and loses one that cannot be written', async () => {
    const { client, fail, lines } = start();
    fail();
    await settle();
    client.remove(events, `ns/${client.all(events)[0]!.metadata.name}`);
    fail();
    await settle();
    assert.equal(lines().length, 1);
    client.failNext('create', new Error('connection refused'));
    fail('lost');
    await settle();
    assert.equal(lines().length, 1);
  });
});
