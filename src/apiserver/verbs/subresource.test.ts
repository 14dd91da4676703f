import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { CONTAINERS, DEPLOYMENT, ref, statusOf, verbsOf } from '../../../test/support/registry-verbs.ts';
import type { TestObject } from '../../../test/support/registry-verbs.ts';
import {
  createTestRegistry,
  deploymentKind,
  podKind,
  testContext,
} from '../../../test/support/test-registry.ts';
import type { Registry } from '../registry.ts';

let registry: Registry;
const { create, update } = verbsOf(() => registry);

beforeEach(async () => {
  ({ registry } = await createTestRegistry());
});

describe('subresources', () => {
  it('scale reads and writes a Scale', async () => {
    const made = await create(deploymentKind, 'd', DEPLOYMENT);
    const { creationTimestamp, uid } = made.metadata;
    const scale = {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: {
        name: 'd',
        namespace: 'default',
        uid,
        resourceVersion: made.metadata.resourceVersion,
        creationTimestamp,
      },
      spec: { replicas: 1 },
      status: { replicas: 0, selector: 'app=web' },
    };
    assert.deepEqual(registry.get(deploymentKind, ref('d'), 'scale'), scale);
    await update(deploymentKind, { ...scale, spec: { replicas: 3 } }, 'scale');
    assert.equal((registry.get(deploymentKind, ref('d')) as TestObject).spec?.replicas, 3);
    assert.equal((await statusOf(update(deploymentKind, scale, 'scale'))).reason, 'Conflict');
    assert.equal(
      (await statusOf(update(deploymentKind, { ...scale, spec: { replicas: -1 } }, 'scale'))).message,
      'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    );
  });

  it('binding gives a pod its node once', async () => {
    await create(podKind, 'p', { spec: { containers: CONTAINERS } });
    const bind = (name: string) =>
      registry.createSubresource(
        podKind,
        ref('p'),
        'binding',
        { target: { kind: 'Node', name } },
        testContext(),
      );
    await bind('n1');
    const { spec, status } = registry.get(podKind, ref('p')) as TestObject;
    assert.equal(spec?.nodeName, 'n1');
    assert.deepEqual(status?.conditions, [
      { type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ]);
    assert.match((await statusOf(bind('n2'))).message!, /pod p is already assigned to node "n1"$/);
  });

  it('eviction deletes; an unknown one is not allowed', async () => {
    await create(podKind, 'p', { spec: { containers: CONTAINERS } });
    const post = (subresource: string) =>
      registry.createSubresource(podKind, ref('p'), subresource, { metadata: { name: 'p' } }, testContext());
    assert.equal((await statusOf(post('nonsense'))).code, 405);
    await post('eviction');
    assert.throws(() => registry.get(podKind, ref('p')), /not found/);
  });

  it('eviction takes delete options: a dry run, a period, a precondition', async () => {
    await create(podKind, 'p', { spec: { containers: CONTAINERS, nodeName: 'n' } });
    const evict = (deleteOptions: object, name = 'p') =>
      registry.createSubresource(
        podKind,
        ref('p'),
        'eviction',
        { metadata: { name }, deleteOptions },
        testContext(),
      );
    await evict({ dryRun: ['All'] });
    const { deletionTimestamp } = registry.get(podKind, ref('p')).metadata;
    assert.equal(deletionTimestamp, undefined);
    assert.equal((await statusOf(evict({ preconditions: { uid: 'x' } }))).reason, 'Conflict');
    assert.equal((await statusOf(evict({ gracePeriodSeconds: 'x' }))).code, 400);
    assert.equal((await statusOf(evict({ gracePeriodSeconds: -1 }))).code, 422);
    assert.equal(
      (await statusOf(evict({}, 'other'))).message,
      'name in URL does not match name in Eviction object',
    );
    await evict({ gracePeriodSeconds: 5 });
    assert.equal(registry.get(podKind, ref('p')).metadata.deletionGracePeriodSeconds, 5);
  });
});
