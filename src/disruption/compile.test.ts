import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podOf, storedAs } from '../../test/support/object-builders.ts';
import type { Pod, PodDisruptionBudget } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { formatTime } from '../k8s/time.ts';
import { compileBudget } from './compile.ts';

const NOW = Date.parse('2026-01-01T00:10:00Z');

const pod = (name: string, isReady = true, owner = 'web'): Stored<Pod> => {
  const made = storedAs(podOf(name));
  const ownerReferences = [
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true },
  ];
  return {
    ...made,
    metadata: { ...made.metadata, ...(owner && { ownerReferences }) },
    status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
  };
};

const budget = (
  spec: PodDisruptionBudget['spec'],
  status: PodDisruptionBudget['status'] = {},
): Stored<PodDisruptionBudget> =>
  storedAs({ metadata: { name: 'b', namespace: 'ns', generation: 2 }, spec, status });

const pods = (ready: number, unready = 0, owner = 'web'): Stored<Pod>[] => [
  ...Array.from({ length: ready }, (_, i) => pod(`r${i}`, true, owner)),
  ...Array.from({ length: unready }, (_, i) => pod(`u${i}`, false, owner)),
];

const compile = (of: Stored<PodDisruptionBudget>, its: readonly Stored<Pod>[], replicas?: number) =>
  compileBudget({
    budget: of,
    pods: its,
    scaleOf: () => (replicas === undefined ? undefined : { uid: 'web', replicas }),
    nowMs: NOW,
  });

const numbers = ({ status }: ReturnType<typeof compile>): readonly (number | undefined)[] => [
  status.expectedPods,
  status.desiredHealthy,
  status.currentHealthy,
  status.disruptionsAllowed,
];

describe('compileBudget()', () => {
  // [spec, ready, not ready, replicas] -> [expected, desired, current, allowed]
  for (const [spec, ready, unready, replicas, want] of [
    [{ minAvailable: 2 }, 3, 0, undefined, [3, 2, 3, 1]],
    [{ minAvailable: 2 }, 1, 2, undefined, [3, 2, 1, 0]],
    [{ minAvailable: 0 }, 0, 0, undefined, [0, 0, 0, 0]],
    [{ minAvailable: '50%' }, 5, 0, 5, [5, 3, 5, 2]],
    [{ minAvailable: '100%' }, 3, 0, 3, [3, 3, 3, 0]],
    [{ maxUnavailable: 1 }, 3, 0, 3, [3, 2, 3, 1]],
    [{ maxUnavailable: 1 }, 3, 0, 4, [4, 3, 3, 0]],
    [{ maxUnavailable: '30%' }, 5, 0, 5, [5, 3, 5, 2]],
    [{ maxUnavailable: 5 }, 3, 0, 3, [3, 0, 3, 3]],
  ] as const)
    it(`gives ${want.join('/')} for ${JSON.stringify(spec)}, ${ready} ready and ${unready} not of ${replicas ?? '-'}`, () => {
      assert.deepEqual(numbers(compile(budget(spec), pods(ready, unready), replicas)), want);
    });

  it('says in its condition whether a pod may go, and keeps the time while that is so', () => {
    const allowed = compile(budget({ minAvailable: 1 }), pods(2)).status;
    assert.deepEqual(allowed.conditions, [
      {
        type: 'DisruptionAllowed',
        status: 'True',
        reason: 'SufficientPods',
        message: '',
        observedGeneration: 2,
        lastTransitionTime: formatTime(NOW),
      },
    ]);
    const early = [{ ...allowed.conditions![0]!, lastTransitionTime: '2026-01-01T00:00:00Z' }];
    const [again] = compile(budget({ minAvailable: 1 }, { conditions: early }), pods(3)).status.conditions!;
    assert.equal(again?.lastTransitionTime, '2026-01-01T00:00:00Z');
    const [refused] = compile(budget({ minAvailable: 3 }, { conditions: early }), pods(3)).status.conditions!;
    assert.deepEqual([refused?.reason, refused?.lastTransitionTime], ['InsufficientPods', formatTime(NOW)]);
  });

  it('counts a pod as gone whose eviction was granted, for two minutes', () => {
    const granted = (agoMs: number) =>
      budget({ minAvailable: 1 }, { disruptedPods: { r0: formatTime(NOW - agoMs), gone: formatTime(NOW) } });
    const fresh = compile(granted(30_000), pods(3));
    assert.deepEqual(numbers(fresh), [3, 1, 2, 1]);
    assert.deepEqual(Object.keys(fresh.status.disruptedPods ?? {}), ['r0']);
    assert.equal(fresh.recheckMs, NOW + 90_000);
    const late = compile(granted(121_000), pods(3));
    assert.deepEqual([late.status.disruptedPods, late.recheckMs], [undefined, undefined]);
    assert.deepEqual(numbers(late), [3, 1, 3, 2]);
  });

  it('allows nothing, and says why, where a controller is unknown', () => {
    const { status } = compile(budget({ maxUnavailable: 1 }, { disruptionsAllowed: 1 }), pods(2));
    assert.equal(status.disruptionsAllowed, 0);
    assert.deepEqual(
      status.conditions?.map(({ reason, message }) => [reason, message]),
      [['SyncFailed', 'found no controllers for pod "r0"']],
    );
  });

  it('names pods without a controller', () => {
    const plan = compile(budget({ maxUnavailable: 1 }), pods(2, 0, ''));
    assert.deepEqual(plan.unmanaged, ['r0', 'r1']);
    assert.deepEqual(numbers(plan), [0, 0, 2, 0]);
  });
});
