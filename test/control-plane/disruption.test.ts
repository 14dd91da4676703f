// Budgets, evictions and preemption on the real API, with pods that are ready at once.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Pod } from '../../src/k8s/generated/types.ts';
import type { Stored } from '../../src/k8s/objects.ts';
import {
  deployments,
  events,
  namespaces,
  podDisruptionBudgets,
  pods,
  priorityClasses,
} from '../../src/k8s/resources.ts';
import { isPodReady } from '../../src/k8s/pod-state.ts';
import { deploymentOf } from '../support/object-builders.ts';
import { eventually } from '../support/poll.ts';
import { statusOf } from '../support/registry-verbs.ts';
import { type TestControlPlane, startTestControlPlane } from '../support/test-control-plane.ts';

describe('disruptions', () => {
  let plane: TestControlPlane;
  before(async () => {
    plane = await startTestControlPlane(['a']);
    await plane.client.create(namespaces, { metadata: { name: 'ns' } });
  });
  after(() => plane?.stop());

  const list = async (): Promise<readonly Stored<Pod>[]> =>
    (await plane.client.list(pods, { namespace: 'ns' })).items;
  const ready = async (): Promise<readonly Stored<Pod>[]> => (await list()).filter(isPodReady);
  const allowed = async (): Promise<number | undefined> =>
    (await plane.client.get(podDisruptionBudgets, { namespace: 'ns', name: 'b' })).status?.disruptionsAllowed;
  const evict = ({ metadata: { name } }: Stored<Pod>) =>
    plane.client.createSubresource(pods, { namespace: 'ns', name }, 'eviction', { metadata: { name } });

  it('are granted one by one, and again when the pods are back', async () => {
    await plane.client.create(deployments, deploymentOf({ replicas: 3 }));
    await plane.client.create(podDisruptionBudgets, {
      metadata: { name: 'b', namespace: 'ns' },
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } },
    });
    await eventually('one pod may go', async () => (await ready()).length === 3 && (await allowed()) === 1);
    const [first, second] = await ready();
    await Promise.all([evict(first!), assert.rejects(evict(second!), { reason: 'TooManyRequests' })]);
    await eventually('it is replaced', async () => (await allowed()) === 1);
    assert.equal(
      (await list()).some(({ metadata }) => metadata.uid === first!.metadata.uid),
      false,
    );
    assert.equal((await statusOf(evict({ metadata: { name: 'none' } } as Stored<Pod>))).reason, 'NotFound');
  });

  it('make room for a pod of a higher priority', async () => {
    const fill = (name: string, more: object): Promise<unknown> =>
      plane.client.create(pods, {
        metadata: { name, namespace: 'ns' },
        spec: {
          containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '3' } } }],
          ...more,
        },
      });
    await plane.client.create(priorityClasses, { metadata: { name: 'high' }, value: 1000 });
    await fill('low', {});
    await eventually('low runs', async () => (await ready()).some(({ metadata }) => metadata.name === 'low'));
    await fill('high', { priorityClassName: 'high' });
    await eventually('high runs', async () =>
      (await ready()).some(({ metadata }) => metadata.name === 'high'),
    );
    assert.equal(
      (await list()).some(({ metadata }) => metadata.name === 'low'),
      false,
    );
    await eventually('it is said', async () =>
      (await plane.client.list(events, { namespace: 'ns' })).items.some(
        ({ reason, message }) =>
          reason === 'Preempted' && /^Preempted by pod .* on node a$/.test(message ?? ''),
      ),
    );
  });
});
