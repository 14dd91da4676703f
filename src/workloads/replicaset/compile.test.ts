import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { slowStartBatches } from '../pods/slow-start.ts';
import { compileReplicas } from './compile.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();

type Sketch = {
  readonly node?: string;
  readonly phase?: string;
  /** Seconds since it became ready. */
  readonly ready?: number;
  readonly cost?: string;
  readonly restarts?: number;
  readonly age?: number;
};

const pod = (name: string, sketch: Sketch = {}): Stored<Pod> => {
  const { node = 'n1', phase = 'Running', ready = 100, cost, restarts = 0, age = 200 } = sketch;
  const annotations = cost === undefined ? {} : { 'controller.kubernetes.io/pod-deletion-cost': cost };
  const status = { name: 'c', image: '', imageID: '', ready: true, restartCount: restarts };
  return {
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: ago(age), annotations },
    spec: { containers: [], ...(node === '' ? {} : { nodeName: node }) },
    status: {
      phase,
      conditions: ready < 0 ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: ago(ready) }],
      containerStatuses: [status],
    },
  };
};

const doomed = (
  pods: readonly Stored<Pod>[],
  replicas: number,
  related = new Map<string, number>(),
): string => {
  const plan = compileReplicas({
    replicas,
    pods,
    relatedOnNode: (node) => related.get(node) ?? 0,
    nowMs: NOW,
  });
  return plan.kind === 'delete' ? plan.pods.map(({ metadata }) => metadata.name).join(' ') : plan.kind;
};

describe('compileReplicas()', () => {
  it('creates what is missing, at most 500 at once', () => {
    const plan = (replicas: number) =>
      compileReplicas({ replicas, pods: [pod('a')], relatedOnNode: () => 0, nowMs: NOW });
    assert.deepEqual(plan(3), { kind: 'create', count: 2 });
    assert.deepEqual(plan(2000), { kind: 'create', count: 500 });
    assert.deepEqual(plan(1), { kind: 'none' });
  });

  it('deletes in the order of Kubernetes', () => {
    const pods = [
      pod('oldest', { age: 9000, ready: 9000 }),
      pod('restarted', { restarts: 3 }),
      pod('young', { age: 40 }),
      pod('ready-late', { ready: 1 }),
      pod('crowded', { node: 'n2' }),
      pod('cheap', { cost: '-5' }),
      pod('unready', { ready: -1 }),
      pod('pending', { phase: 'Pending', ready: -1 }),
      pod('unassigned', { node: '', phase: 'Pending', ready: -1 }),
    ];
    assert.equal(
      doomed(pods, 0, new Map([['n2', 2]])),
      'unassigned pending unready cheap crowded ready-late restarted young oldest',
    );
  });

  it('compares ages by their order of magnitude only', () => {
    assert.equal(doomed([pod('b', { age: 200 }), pod('a', { age: 250 })], 1), 'a');
  });

  it('chooses the same pods whatever order the cache gives them in', () => {
    const sketches = fc.array(
      fc.record({
        node: fc.constantFrom('', 'n1', 'n2'),
        phase: fc.constantFrom('Pending', 'Running'),
        ready: fc.constantFrom(-1, 1, 100),
        restarts: fc.nat(2),
        age: fc.constantFrom(10, 300),
      }),
      { minLength: 2, maxLength: 8 },
    );
    fc.assert(
      fc.property(sketches, (all) => {
        const pods = all.map((sketch, i) => pod(`p${i}`, sketch));
        assert.equal(doomed(pods, 1), doomed(pods.toReversed(), 1));
      }),
    );
  });
});

describe('slowStartBatches()', () => {
  it('doubles, and adds up', () => {
    assert.deepEqual(slowStartBatches(10), [1, 2, 4, 3]);
    assert.deepEqual(slowStartBatches(0), []);
  });
});
