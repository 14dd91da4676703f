import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { createFakeClient } from '../../test/support/fake-client.ts';
import type { FakeClient } from '../../test/support/fake-client.ts';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { nodeOf, podOf } from '../../test/support/object-builders.ts';
import { startInformer } from '../informer/informer.ts';
import { ApiError, failure } from '../k8s/api-error.ts';
import type { Binding } from '../k8s/generated/types.ts';
import { joinKey, keyOf } from '../k8s/objects.ts';
import { podCondition } from '../k8s/pod-state.ts';
import {
  events,
  namespaces,
  nodes,
  persistentVolumeClaims,
  podDisruptionBudgets,
  pods,
} from '../k8s/resources.ts';
import { silentLog } from '../lang/log.ts';
import { startScheduler } from './scheduler.ts';

const running: { readonly stop: () => unknown }[] = [];
afterEach(() => Promise.all(running.splice(0).map((each) => each.stop())));

/** What pods/binding does: the pod gets its node, once. */
const withBinding = (client: FakeClient): FakeClient => ({
  ...client,
  createSubresource: async (resource, { name, namespace }, subresource, body) => {
    await client.createSubresource(resource, { name, namespace }, subresource, body);
    const pod = client.all(pods).find((each) => keyOf(each) === joinKey(namespace, name))!;
    if (pod.spec?.nodeName) throw new ApiError(failure(409, 'Conflict', 'pod is already assigned to node'));
    const nodeName = (body as Binding).target.name!;
    return client.put(pods, { ...pod, spec: { ...pod.spec!, nodeName } });
  },
});

const start = () => {
  const client = withBinding(createFakeClient(5000));
  const clock = createFakeClock();
  const common = { client, clock, log: silentLog };
  const informers = {
    pods: startInformer({ ...common, resource: pods }),
    nodes: startInformer({ ...common, resource: nodes }),
    namespaces: startInformer({ ...common, resource: namespaces }),
    persistentVolumeClaims: startInformer({ ...common, resource: persistentVolumeClaims }),
    podDisruptionBudgets: startInformer({ ...common, resource: podDisruptionBudgets }),
  };
  running.push(startScheduler({ ...common, ...informers }), ...Object.values(informers));
  const placed = (): string[] =>
    client.all(pods).map(({ metadata, spec }) => `${metadata.name} ${spec?.nodeName ?? '-'}`);
  const eventLines = (): string[] =>
    client.all(events).map(({ reason, message, count }) => `${reason} x${count}: ${message}`);
  return { client, clock, placed, eventLines };
};

describe('startScheduler()', () => {
  it('binds 100 pods evenly, and says so', async () => {
    const { client, clock, eventLines } = start();
    for (const name of ['a', 'b', 'c']) client.put(nodes, nodeOf(name));
    for (let i = 0; i < 100; i++) client.put(pods, podOf(`p${i}`, {}, { app: 'web' }));
    await clock.advance(50);
    const onNode = Map.groupBy(client.all(pods), ({ spec }) => spec?.nodeName);
    assert.deepEqual(
      [...onNode.values()].map((each) => each.length).sort((a, b) => a - b),
      [33, 33, 34],
    );
    assert.ok(eventLines().includes('Scheduled x1: Successfully assigned ns/p0 to a'));
  });

  it('says why a pod waits, once, and places it when a node comes', async () => {
    const { client, clock, placed, eventLines } = start();
    client.put(nodes, nodeOf('a'));
    client.put(pods, podOf('p', { nodeSelector: { disk: 'ssd' } }));
    await clock.advance(1000);
    const message =
      "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. " +
      'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
    const condition = podCondition(client.all(pods)[0]!, 'PodScheduled');
    assert.deepEqual(
      [condition?.status, condition?.reason, condition?.message],
      ['False', 'Unschedulable', message],
    );
    assert.deepEqual(eventLines(), [`FailedScheduling x1: ${message}`]);
    client.put(nodes, nodeOf('b', { labels: { disk: 'ssd' } }));
    await clock.advance(1000);
    assert.deepEqual(placed(), ['p b']);
  });

  it('places a waiting pod when another one leaves', async () => {
    const { client, clock, placed } = start();
    client.put(nodes, nodeOf('a', { allocatable: { pods: '1' } }));
    client.put(pods, podOf('first', { nodeName: 'a' }));
    client.put(pods, podOf('second'));
    await clock.advance(1000);
    assert.deepEqual(placed(), ['first a', 'second -']);
    client.remove(pods, 'ns/first');
    await clock.advance(1000);
    assert.deepEqual(placed(), ['second a']);
  });

  it('never gives more than a node has, however late its cache is', async () => {
    const { client, clock, placed } = start();
    client.put(nodes, nodeOf('a', { allocatable: { pods: '3' } }));
    for (let i = 0; i < 10; i++) client.put(pods, podOf(`p${i}`));
    await clock.advance(1000);
    assert.equal(placed().filter((line) => line.endsWith(' a')).length, 3);
  });

  it('leaves other pods alone: bound, in deletion, gated, of another scheduler', async () => {
    const { client, clock, placed } = start();
    client.put(nodes, nodeOf('a'));
    client.put(pods, podOf('other', { schedulerName: 'mine' }));
    client.put(pods, podOf('gated', { schedulingGates: [{ name: 'g' }] }));
    const dying = podOf('dying');
    client.put(pods, {
      ...dying,
      metadata: { ...dying.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    });
    await clock.advance(1000);
    assert.deepEqual(placed(), ['other -', 'gated -', 'dying -']);
  });

  it('gives the room of a pod that is gone before it is bound to the next', async () => {
    const { client, clock, placed } = start();
    client.put(nodes, nodeOf('a', { allocatable: { pods: '1' } }));
    client.failNext('create binding', new ApiError(failure(404, 'NotFound', 'pods "first" not found')));
    client.put(pods, podOf('first'));
    client.put(pods, podOf('second'));
    await clock.advance(1000);
    assert.deepEqual(placed(), ['first -', 'second a']);
  });

  it('tries again when a binding fails', async () => {
    const { client, clock, placed } = start();
    client.put(nodes, nodeOf('a', { allocatable: { pods: '1' } }));
    client.failNext('create binding', new Error('connection refused'));
    client.put(pods, podOf('p'));
    await clock.advance(1000);
    assert.deepEqual(placed(), ['p a']);
  });

  it('lets a pod wait for its claims, and says which', async () => {
    const { client, clock, placed } = start();
    client.put(nodes, nodeOf('a'));
    const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }];
    client.put(pods, podOf('p', { volumes }));
    const message = (): string | undefined => podCondition(client.all(pods)[0]!, 'PodScheduled')?.message;
    const rest = 'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
    await clock.advance(50);
    assert.equal(message(), `0/1 nodes are available: persistentvolumeclaim "data" not found. ${rest}`);
    const claim = { metadata: { name: 'data', namespace: 'ns' } };
    client.put(persistentVolumeClaims, { ...claim, status: { phase: 'Pending' } });
    await clock.advance(50);
    assert.equal(
      message(),
      `0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. ${rest}`,
    );
    client.put(persistentVolumeClaims, { ...claim, status: { phase: 'Bound' } });
    await clock.advance(50);
    assert.deepEqual(placed(), ['p a']);
  });
});
