import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileDeployment } from './compile.ts';
import type { Rollout, SetSize } from './select.ts';
import { toText } from './state.ts';

/** `a 3/2` is a ReplicaSet `a` of 3 replicas of which 2 are available. */
const set = (text: string, more: Partial<SetSize> = {}): SetSize => {
  const [name, sizes] = text.split(' ');
  const [replicas, available] = sizes!.split('/').map(Number);
  const size = { replicas: replicas!, available: available!, actual: replicas! };
  const memory = { desiredReplicas: undefined, maxReplicas: undefined };
  return { name: name!, ...size, ...memory, isObserved: true, isDeleting: false, ...more };
};

const rollout = (more: Partial<Rollout>): Rollout => ({
  replicas: 4,
  strategy: { kind: 'RollingUpdate', maxSurge: 1, maxUnavailable: 1 },
  isPaused: false,
  isDeleting: false,
  historyLimit: 10,
  newSet: undefined,
  oldSets: [],
  oldPodsRun: false,
  statusReplicas: 0,
  ...more,
});

const text = (more: Partial<Rollout>): string => toText(compileDeployment(rollout(more)));

describe('compileDeployment() rolling', () => {
  it('creates at once with all replicas when nothing is there', () => {
    assert.equal(text({}), 'create with 4');
  });

  it('creates with the surge beside an old ReplicaSet', () => {
    assert.equal(text({ oldSets: [set('old 4/4')] }), 'create with 1');
  });

  it('takes old pods away as far as the unavailable ones allow', () => {
    assert.equal(text({ newSet: set('new 1/0'), oldSets: [set('old 4/4')] }), 'scale old from 4 to 3');
    assert.equal(text({ newSet: set('new 1/1'), oldSets: [set('old 4/4')] }), 'scale old from 4 to 2');
    assert.equal(text({ newSet: set('new 2/0'), oldSets: [set('old 3/3')] }), '');
  });

  it('grows the new one when there is room', () => {
    assert.equal(text({ newSet: set('new 1/1'), oldSets: [set('old 2/2')] }), 'scale new from 1 to 3');
  });

  it('takes pods that are not available first, whatever their age', () => {
    const oldSets = [set('older 2/2'), set('broken 2/0')];
    assert.equal(text({ newSet: set('new 1/1'), oldSets }), 'scale broken from 2 to 0');
  });

  it('does nothing when it is done, and removes what exceeds the history', () => {
    const oldSets = [set('a 0/0'), set('b 0/0'), set('c 0/0', { isObserved: false })];
    assert.equal(text({ newSet: set('new 4/4'), oldSets }), '');
    assert.equal(text({ newSet: set('new 4/4'), oldSets, historyLimit: 2 }), 'delete a');
    assert.equal(text({ newSet: set('new 4/4'), oldSets, historyLimit: 0 }), 'delete a\ndelete b');
    assert.equal(text({ newSet: set('new 4/3'), oldSets, historyLimit: 0 }), '');
  });

  it('does nothing in deletion', () => {
    assert.equal(text({ isDeleting: true }), '');
  });
});

describe('compileDeployment() recreate', () => {
  const strategy = { kind: 'Recreate' } as const;

  it('waits until the last old pod is gone', () => {
    assert.equal(text({ strategy, oldSets: [set('old 4/4')], oldPodsRun: true }), 'scale old from 4 to 0');
    assert.equal(text({ strategy, oldSets: [set('old 0/0')], oldPodsRun: true }), '');
    assert.equal(text({ strategy, oldSets: [set('old 0/0')] }), 'create with 4');
  });
});

describe('compileDeployment() scaled by a user', () => {
  const sized = (name: string, desiredReplicas: number, maxReplicas: number): SetSize =>
    set(name, { desiredReplicas, maxReplicas });

  it('scales the only active ReplicaSet', () => {
    assert.equal(text({ newSet: sized('new 2/2', 2, 3) }), 'scale new from 2 to 4');
    assert.equal(text({ replicas: 0, newSet: sized('new 2/2', 2, 3) }), 'scale new from 2 to 0');
  });

  it('shares in proportion in the middle of a rollout', () => {
    const newSet = sized('new 5/5', 10, 13);
    const oldSets = [sized('old 8/8', 10, 13)];
    const strategy = { kind: 'RollingUpdate', maxSurge: 3, maxUnavailable: 2 } as const;
    assert.equal(
      text({ replicas: 30, strategy, newSet, oldSets }),
      'scale old from 8 to 20\nscale new from 5 to 13',
    );
  });

  it('scales without a rollout while paused, and does not create', () => {
    const oldSets = [sized('old 2/2', 2, 3)];
    assert.equal(text({ isPaused: true, oldSets }), 'scale old from 2 to 4');
    assert.equal(text({ isPaused: true }), '');
  });
});

describe('compileDeployment() in every order of events', () => {
  type World = { readonly sets: Map<string, { replicas: number; available: number }>; rollout: Rollout };
  const scenario = fc.record({
    replicas: fc.integer({ min: 0, max: 12 }),
    maxSurge: fc.integer({ min: 0, max: 5 }),
    maxUnavailable: fc.integer({ min: 0, max: 5 }),
    old: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }),
    luck: fc.infiniteStream(fc.nat(100)),
  });

  const view = ({ sets, rollout: before }: World): Rollout => {
    const sizes = [...sets].map(([name, { replicas, available }]) => set(`${name} ${replicas}/${available}`));
    const newSet = sizes.find(({ name }) => name === 'new');
    return { ...before, newSet, oldSets: sizes.filter((each) => each !== newSet) };
  };
  const change = (world: World): boolean => {
    const changes = compileDeployment(view(world));
    for (const each of changes) {
      if (each.kind === 'create') world.sets.set('new', { replicas: each.replicas, available: 0 });
      if (each.kind === 'delete') world.sets.delete(each.name);
      if (each.kind !== 'scale') continue;
      const { available } = world.sets.get(each.name)!;
      // The ReplicaSet controller removes pods that are not available first.
      world.sets.set(each.name, { replicas: each.to, available: Math.min(available, each.to) });
    }
    return changes.length > 0;
  };
  const sum = (world: World, of: 'replicas' | 'available'): number =>
    [...world.sets.values()].reduce((total, each) => total + each[of], 0);

  it('never exceeds the surge, never falls below the available bound, and ends', () => {
    fc.assert(
      fc.property(scenario, ({ replicas, maxSurge, maxUnavailable, old, luck }) => {
        const bound = Math.min(maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable, replicas);
        const strategy = { kind: 'RollingUpdate', maxSurge, maxUnavailable: bound } as const;
        const sets = new Map(old.map((size, i) => [`old${i}`, { replicas: size, available: size }]));
        const world: World = { sets, rollout: rollout({ replicas, strategy }) };
        const startPods = sum(world, 'replicas');
        for (let round = 0; round < 200; round++) {
          const before = sum(world, 'available');
          const moved = change(world);
          assert.ok(sum(world, 'replicas') <= Math.max(startPods, replicas + maxSurge));
          assert.ok(sum(world, 'available') >= Math.min(before, replicas - bound));
          const waiting = [...world.sets.values()].filter((each) => each.available < each.replicas);
          if (!moved && waiting.length === 0) break;
          const next = waiting[luck.next().value! % Math.max(1, waiting.length)];
          if (next) next.available++;
        }
        assert.deepEqual(world.sets.get('new'), { replicas, available: replicas });
        assert.equal(sum(world, 'replicas'), replicas);
      }),
    );
  });
});
