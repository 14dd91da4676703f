import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { DEPLOYMENT, ref, statusOf, verbsOf } from '../../../test/support/registry-verbs.ts';
import {
  configMapKind,
  createTestRegistry,
  deploymentKind,
  testContext,
} from '../../../test/support/test-registry.ts';
import type { Draft } from '../kind.ts';
import type { Registry } from '../registry.ts';

let registry: Registry;
const { create, update, remove } = verbsOf(() => registry);

beforeEach(async () => {
  ({ registry } = await createTestRegistry());
});

describe('update', () => {
  it('conflicts when the object has changed, and does not when no version is named', async () => {
    const first = await create(configMapKind, 'a', { data: { x: '1' } });
    const second = await update(configMapKind, { ...first, data: { x: '2' } });
    const { code, message } = await statusOf(update(configMapKind, { ...first, data: { x: '3' } }));
    assert.equal(code, 409);
    assert.equal(
      message,
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    );
    for (const resourceVersion of ['', '0']) {
      const metadata = { ...second.metadata, resourceVersion };
      const data = { x: `unconditional ${resourceVersion}` };
      assert.deepEqual((await update(configMapKind, { metadata, data })).data, data);
    }
  });

  it('is no write when nothing changes', async () => {
    const object = await create(configMapKind, 'a', { data: { x: '1' } });
    assert.equal(await update(configMapKind, { ...object, data: { x: '1' } }), object);
    assert.equal(registry.revision(), object.metadata.resourceVersion);
  });

  it('counts a generation only when the spec changes', async () => {
    const made = await create(deploymentKind, 'd', DEPLOYMENT);
    const labelled = await update(deploymentKind, {
      ...made,
      metadata: { ...made.metadata, labels: { a: 'b' }, generation: 9 },
    });
    assert.equal(labelled.metadata.generation, 1);
    const scaled = await update(deploymentKind, { ...labelled, spec: { ...labelled.spec, replicas: 2 } });
    assert.equal(scaled.metadata.generation, 2);
  });

  it('keeps spec and status apart', async () => {
    const made = await create(deploymentKind, 'd', DEPLOYMENT);
    const reported = await update(
      deploymentKind,
      { ...made, spec: { ...made.spec, replicas: 7 }, status: { replicas: 1 } },
      'status',
    );
    assert.deepEqual([reported.spec?.replicas, reported.status], [1, { replicas: 1 }]);
    const scaled = await update(deploymentKind, {
      ...reported,
      spec: { ...made.spec, replicas: 7 },
      status: {},
    });
    assert.deepEqual([scaled.spec?.replicas, scaled.status], [7, { replicas: 1 }]);
    assert.deepEqual([reported.metadata.generation, scaled.metadata.generation], [1, 2]);
  });

  it('refuses another name than the URL has, another uid, new finalizers on a dying object', async () => {
    const object = await create(configMapKind, 'a', { metadata: { finalizers: ['example.org/x'] } });
    const put = (metadata: object) =>
      statusOf(
        registry.update(
          configMapKind,
          ref('a'),
          { ...(object as Draft), metadata: { ...object.metadata, ...metadata } },
          testContext(),
        ),
      );
    assert.equal(
      (await put({ name: 'b' })).message,
      'the name of the object (b) does not match the name on the URL (a)',
    );
    assert.match(
      (await put({ uid: 'x' })).message!,
      /Precondition failed: UID in precondition: x, UID in object/,
    );
    await remove(configMapKind, 'a');
    assert.equal(
      (await put({ resourceVersion: '', finalizers: ['example.org/x', 'example.org/y'] })).message,
      'ConfigMap "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.org/y"}',
    );
  });
});
