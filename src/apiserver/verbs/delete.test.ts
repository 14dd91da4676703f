import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { FakeClock } from '../../../test/support/fake-clock.ts';
import { CONTAINERS, DEPLOYMENT, ref, statusOf, verbsOf } from '../../../test/support/registry-verbs.ts';
import type { TestObject } from '../../../test/support/registry-verbs.ts';
import {
  configMapKind,
  createTestRegistry,
  deploymentKind,
  namespaceKind,
  podKind,
  testContext,
  testKinds,
} from '../../../test/support/test-registry.ts';
import type { DeleteRequest } from '../../client/client.ts';
import type { Kind } from '../kind.ts';
import type { Registry } from '../registry.ts';

let registry: Registry;
let clock: FakeClock;
const { create, update, remove } = verbsOf(() => registry);

beforeEach(async () => {
  ({ registry, clock } = await createTestRegistry());
});

describe('delete', () => {
  it('a plain object is gone, its allocations given back', async () => {
    const released: string[] = [];
    const kind: Kind = {
      ...configMapKind,
      allocate: (draft, before) => ({
        ok: true,
        commit: () => void (draft ?? released.push(before!.metadata!.name!)),
        rollback: () => {},
      }),
    };
    ({ registry } = await createTestRegistry({ kinds: [...testKinds, kind] }));
    await create(kind, 'a');
    assert.equal((await remove(kind, 'a')).gone, true);
    assert.deepEqual(released, ['a']);
    assert.equal((await statusOf(remove(kind, 'a'))).message, 'configmaps "a" not found');
  });

  it('waits for finalizers, and the update that takes the last one ends it', async () => {
    await create(configMapKind, 'a', { metadata: { finalizers: ['example.org/x'] } });
    const { object, gone } = await remove(configMapKind, 'a');
    assert.equal(gone, false);
    assert.equal(object.metadata.deletionTimestamp, '2026-01-01T00:00:00Z');
    await update(configMapKind, { ...object, metadata: { ...object.metadata, finalizers: [] } });
    assert.throws(() => registry.get(configMapKind, ref('a')), /not found/);
  });

  it('gives a pod its grace period, which can only become shorter', async () => {
    await create(podKind, 'p', { spec: { containers: CONTAINERS, nodeName: 'n' } });
    const marks = async (request: DeleteRequest): Promise<string> => {
      const { metadata } = (await remove(podKind, 'p', request)).object;
      return `${metadata.deletionTimestamp} ${metadata.deletionGracePeriodSeconds} ${metadata.generation}`;
    };
    assert.equal(await marks({}), '2026-01-01T00:00:30Z 30 2');
    assert.equal(await marks({ gracePeriodSeconds: 60 }), '2026-01-01T00:00:30Z 30 2');
    assert.equal(await marks({ gracePeriodSeconds: 10 }), '2026-01-01T00:00:10Z 10 2');
    await clock.advance(20_000);
    assert.equal(await marks({ gracePeriodSeconds: 5 }), '2026-01-01T00:00:20Z 1 2');
    assert.equal((await remove(podKind, 'p', { gracePeriodSeconds: 0 })).gone, true);
  });

  it('a pod without a node goes at once', async () => {
    await create(podKind, 'p', { spec: { containers: CONTAINERS } });
    assert.equal((await remove(podKind, 'p')).gone, true);
  });

  it('leaves the finalizer that the garbage collector works by', async () => {
    for (const [propagationPolicy, finalizer] of [
      ['Orphan', 'orphan'],
      ['Foreground', 'foregroundDeletion'],
    ] as const) {
      await create(deploymentKind, finalizer.toLowerCase(), DEPLOYMENT);
      const { object } = await remove(deploymentKind, finalizer.toLowerCase(), { propagationPolicy });
      assert.deepEqual(object.metadata.finalizers, [finalizer]);
      const { gone } = await remove(deploymentKind, finalizer.toLowerCase(), {
        propagationPolicy: 'Background',
      });
      assert.equal(gone, true);
    }
  });

  it('holds to its preconditions', async () => {
    const { metadata } = await create(configMapKind, 'a');
    const { code, message } = await statusOf(remove(configMapKind, 'a', { uid: 'x' }));
    assert.equal(code, 409);
    assert.match(message!, /the UID in the precondition \(x\) does not match the UID in record/);
    await statusOf(remove(configMapKind, 'a', { resourceVersion: '1' }));
    const { uid, resourceVersion } = metadata;
    assert.equal((await remove(configMapKind, 'a', { uid, resourceVersion })).gone, true);
  });

  it('a namespace stays until it is finalized; some stay for ever', async () => {
    await create(namespaceKind, 'n');
    const { object, gone } = await remove(namespaceKind, 'n');
    assert.deepEqual([gone, (object as TestObject).status?.phase], [false, 'Terminating']);
    await registry.createSubresource(
      namespaceKind,
      { name: 'n' },
      'finalize',
      { metadata: { name: 'n' }, spec: { finalizers: [] } },
      testContext(),
    );
    assert.throws(() => registry.get(namespaceKind, { name: 'n' }), /namespaces "n" not found/);
    assert.equal(
      (await statusOf(remove(namespaceKind, 'default'))).message,
      'namespaces "default" is forbidden: this namespace may not be deleted',
    );
  });

  it('deleteCollection takes what the selection selects', async () => {
    for (const [name, app] of [
      ['a', 'x'],
      ['b', 'y'],
      ['c', 'x'],
    ] as const)
      await create(configMapKind, name, { metadata: { labels: { app } } });
    const selection = { namespace: 'default', labelSelector: 'app=x' };
    await registry.deleteCollection(configMapKind, selection, {}, testContext());
    assert.deepEqual(
      registry.list(configMapKind, {}).items.map(({ metadata }) => metadata.name),
      ['b'],
    );
  });
});
