// POST pods/eviction against budgets whose status the test writes.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { statusOf } from '../../../test/support/registry-verbs.ts';
import { testContext } from '../../../test/support/test-registry.ts';
import { type WholeRegistry, createWholeRegistry } from '../../../test/support/whole-registry.ts';
import type { Pod, PodDisruptionBudget } from '../../k8s/generated/types.ts';

let api: WholeRegistry;
beforeEach(async () => {
  api = await createWholeRegistry();
  await api.create(
    'Pod',
    'p',
    'metadata: { labels: { app: web }, finalizers: [t/hold] }\nspec: { containers: [{ name: c, image: i }] }',
  );
  await phase('Running');
});

const phase = (name: string, ready = 'True') =>
  api.patch(
    'Pod',
    'p',
    { status: { phase: name, conditions: [{ type: 'Ready', status: ready }] } },
    'status',
  );

const budget = async (status: object, spec = 'minAvailable: 1', name = 'b'): Promise<void> => {
  const yaml = `spec: { ${spec}, selector: { matchLabels: { app: web } } }`;
  await api.create('PodDisruptionBudget', name, yaml);
  await api.patch('PodDisruptionBudget', name, { status: { observedGeneration: 1, ...status } }, 'status');
};

const evict = (deleteOptions: object = {}, context: { dryRun?: boolean } = {}) => {
  const ref = { namespace: 'ns', name: 'p' };
  const body = { metadata: { name: 'p' }, deleteOptions };
  return api.registry.createSubresource(api.kind('Pod'), ref, 'eviction', body, testContext(context));
};
const isGoing = (): boolean => api.get<Pod>('Pod', 'p').metadata.deletionTimestamp !== undefined;
const statusOfBudget = () => api.get<PodDisruptionBudget>('PodDisruptionBudget', 'b').status!;

describe('POST pods/eviction', () => {
  it('takes one from the budget, notes the pod, and says in the pod why it ends', async () => {
    await budget({ disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 });
    await evict();
    assert.equal(isGoing(), true);
    const { disruptionsAllowed, disruptedPods, conditions } = statusOfBudget();
    assert.deepEqual([disruptionsAllowed, Object.keys(disruptedPods ?? {})], [0, ['p']]);
    assert.equal(conditions?.[0]?.reason, 'InsufficientPods');
    const condition = api
      .get<Pod>('Pod', 'p')
      .status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
    assert.deepEqual(
      [condition?.status, condition?.reason, condition?.message],
      ['True', 'EvictionByEvictionAPI', 'Eviction API: evicting'],
    );
  });

  it('refuses with 429 and says how many pods there must be', async () => {
    await budget({ disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 });
    const status = await statusOf(evict());
    assert.deepEqual([status.code, status.reason], [429, 'TooManyRequests']);
    assert.equal(status.message, "Cannot evict pod as it would violate the pod's disruption budget.");
    assert.deepEqual(status.details?.causes, [
      {
        reason: 'DisruptionBudget',
        message: 'The disruption budget b needs 1 healthy pods and has 1 currently',
      },
    ]);
    assert.equal(isGoing(), false);
  });

  it('grants nothing by the status of an older generation', async () => {
    await budget({ disruptionsAllowed: 1, observedGeneration: 0 });
    const { code, details } = await statusOf(evict());
    assert.deepEqual([code, details?.retryAfterSeconds], [429, 10]);
    assert.match(details?.causes?.[0]?.message ?? '', /b is still being processed by the server\.$/);
  });

  it('changes nothing on a dry run, but refuses as it would', async () => {
    await budget({ disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 });
    await evict({ dryRun: ['All'] });
    await evict({}, { dryRun: true });
    assert.deepEqual([isGoing(), statusOfBudget().disruptionsAllowed], [false, 1]);
    await api.patch('PodDisruptionBudget', 'b', { status: { disruptionsAllowed: 0 } }, 'status');
    assert.equal((await statusOf(evict({}, { dryRun: true }))).code, 429);
  });

  it('takes nothing where a precondition fails', async () => {
    await budget({ disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 });
    assert.equal((await statusOf(evict({ preconditions: { uid: 'other' } }))).reason, 'Conflict');
    assert.deepEqual([isGoing(), statusOfBudget().disruptionsAllowed], [false, 1]);
  });

  it('meets a precondition on the version that it changes itself', async () => {
    const { resourceVersion } = api.get<Pod>('Pod', 'p').metadata;
    await evict({ preconditions: { resourceVersion } });
    assert.equal(isGoing(), true);
  });

  it('refuses a pod of two budgets', async () => {
    for (const name of ['b', 'c']) await budget({ disruptionsAllowed: 1 }, 'minAvailable: 1', name);
    const { code, message } = await statusOf(evict());
    assert.equal(code, 500);
    assert.match(message ?? '', /more than one PodDisruptionBudget/);
  });

  it('evicts for nothing what has ended or has not begun', async () => {
    await budget({ disruptionsAllowed: 0 });
    await phase('Failed', 'False');
    await evict();
    assert.equal(isGoing(), true);
  });

  for (const [policy, healthy, isEvicted] of [
    ['IfHealthyBudget', 1, true],
    ['IfHealthyBudget', 0, false],
    ['AlwaysAllow', 0, true],
  ] as const)
    it(`${isEvicted ? 'evicts' : 'keeps'} a pod that is not ready where ${healthy} of 1 are and the policy is ${policy}`, async () => {
      await phase('Running', 'False');
      await budget(
        { disruptionsAllowed: 0, currentHealthy: healthy, desiredHealthy: 1, expectedPods: 2 },
        `minAvailable: 1, unhealthyPodEvictionPolicy: ${policy}`,
      );
      const code = isEvicted ? await evict().then(() => 201) : (await statusOf(evict())).code;
      assert.deepEqual([isGoing(), code], [isEvicted, isEvicted ? 201 : 429]);
    });
});
