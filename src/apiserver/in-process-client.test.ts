import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { settle } from '../../test/support/fake-clock.ts';
import type { FakeClock } from '../../test/support/fake-clock.ts';
import { createTestRegistry } from '../../test/support/test-registry.ts';
import type { ApiClient, WatchEvent } from '../client/client.ts';
import { startInformer } from '../informer/informer.ts';
import { isConflict, isNotFound } from '../k8s/api-error.ts';
import type { ConfigMap } from '../k8s/generated/types.ts';
import { configMaps, deployments, pods, secrets } from '../k8s/resources.ts';
import { silentLog } from '../lang/log.ts';
import { createEventQueue } from './event-queue.ts';
import { createInProcessClient } from './in-process-client.ts';

let client: ApiClient;
let clock: FakeClock;

beforeEach(async () => {
  const test = await createTestRegistry();
  ({ clock } = test);
  client = createInProcessClient(test.registry, { name: 'tester', groups: [] });
});

const configMap = (name: string): ConfigMap => ({ metadata: { name, namespace: 'default' } });

describe('createInProcessClient()', () => {
  it('creates, updates, patches and deletes with the rules of the API', async () => {
    const input = { ...configMap('a'), data: { x: '1', dropped: undefined } } as unknown as ConfigMap;
    const made = await client.create(configMaps, input);
    assert.deepEqual(made.data, { x: '1' });
    const changed = await client.update(configMaps, { ...made, data: { x: '2' } });
    await assert.rejects(client.update(configMaps, { ...made, data: { x: '3' } }), isConflict);
    const ref = { namespace: 'default', name: 'a' };
    const body = { data: { y: '1' } };
    const patched = await client.patch(configMaps, ref, body, { type: 'application/merge-patch+json' });
    assert.deepEqual([changed.data, patched.data], [{ x: '2' }, { x: '2', y: '1' }]);
    await client.delete(configMaps, ref);
    await assert.rejects(client.get(configMaps, ref), isNotFound);
    await assert.rejects(client.list(secrets), isNotFound);
  });

  it('writes a status, binds a pod and keeps its input out of the store', async () => {
    const containers = [{ name: 'c', image: 'x' }];
    const pod = await client.create(pods, {
      metadata: { name: 'p', namespace: 'default' },
      spec: { containers },
    });
    containers.pop();
    await client.updateStatus(pods, { ...pod, status: { phase: 'Running' } });
    const ref = { namespace: 'default', name: 'p' };
    await client.createSubresource(pods, ref, 'binding', { target: { kind: 'Node', name: 'n' } });
    const { spec, status } = await client.get(pods, ref);
    assert.deepEqual([spec?.nodeName, spec?.containers.length, status?.phase], ['n', 1, 'Running']);
  });

  it('feeds an informer', async () => {
    await client.create(configMaps, configMap('a'));
    const informer = startInformer({ client, resource: configMaps, clock, log: silentLog });
    await informer.whenSynced();
    await client.create(configMaps, configMap('b'));
    await client.delete(configMaps, { namespace: 'default', name: 'a' });
    await settle();
    assert.deepEqual(
      informer.list().map(({ metadata }) => metadata.name),
      ['b'],
    );
    informer.stop();
  });

  it('a watch ends when it is aborted, and fails when its revision is in the future', async () => {
    const abort = new AbortController();
    const events: WatchEvent<ConfigMap>[] = [];
    const { resourceVersion } = await client.list(configMaps);
    const options = { resourceVersion, signal: abort.signal };
    const reading = (async () => {
      for await (const event of client.watch(configMaps, options)) events.push(event);
    })();
    await client.create(configMaps, configMap('a'));
    await settle();
    abort.abort();
    await client.create(configMaps, configMap('b'));
    await reading;
    assert.deepEqual(
      events.map(({ type }) => type),
      ['ADDED'],
    );
    const future = client.watch(deployments, {
      resourceVersion: '999',
      signal: new AbortController().signal,
    });
    await assert.rejects(Array.fromAsync(future), /Too large resource version/);
  });
});

describe('createEventQueue()', () => {
  it('gives the reader everything in order, and then the end', async () => {
    const queue = createEventQueue<number>();
    const reading = Array.fromAsync(queue.events);
    queue.push(1);
    await settle();
    queue.push(2);
    queue.push(3);
    queue.end();
    queue.push(4);
    assert.deepEqual(await reading, [1, 2, 3]);
  });

  it('lets a reader that is too slow list again instead of growing without end', async () => {
    const queue = createEventQueue<number>(2);
    for (const event of [1, 2, 3]) queue.push(event);
    await assert.rejects(Array.fromAsync(queue.events), (error: { code: number }) => error.code === 410);
  });
});
