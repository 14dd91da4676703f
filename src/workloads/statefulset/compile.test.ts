import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Pod, StatefulSet, StatefulSetSpec } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { storedAs, templateOf } from '../../../test/support/object-builders.ts';
import { type StatefulSnapshot, type StatefulStep, compileStatefulSet } from './compile.ts';
import { memberPod } from './identity.ts';
import { compileStatus } from './status.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');

const setOf = (spec: Partial<StatefulSetSpec> = {}, status?: StatefulSet['status']): Stored<StatefulSet> =>
  storedAs({
    metadata: { name: 'web', namespace: 'ns' },
    spec: {
      replicas: 3,
      serviceName: 'web',
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      selector: { matchLabels: { app: 'web' } },
      template: templateOf(),
      ...spec,
    },
    ...(status ? { status } : {}),
  });

/** `0` ready, `0-` not ready, `0!` failed, `0x` terminating; `0@old` is of revision old. */
const podOf = (set: Stored<StatefulSet>, sketch: string): Stored<Pod> => {
  const [, ordinal, state, revision = 'new'] = /^(\d+)([-!x]?)(?:@(.*))?$/.exec(sketch)!;
  const made = memberPod(set, templateOf(), revision, Number(ordinal));
  const phase = state === '!' ? 'Failed' : 'Running';
  const isReady = state === '' || state === 'x';
  return storedAs<Pod>({
    ...made,
    metadata: { ...made.metadata, ...(state === 'x' ? { deletionTimestamp: '2026-01-01T11:59:00Z' } : {}) },
    status: {
      phase,
      conditions: isReady
        ? [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T11:59:50Z' }]
        : [],
    },
  });
};

const snapshotOf = (
  pods: string,
  spec: Partial<StatefulSetSpec> = {},
  status?: StatefulSet['status'],
): StatefulSnapshot => {
  const set = setOf(spec, status);
  return {
    set,
    pods: pods
      .split(' ')
      .filter(Boolean)
      .map((sketch) => podOf(set, sketch)),
    currentRevision: 'old',
    updateRevision: 'new',
    nowMs: NOW,
  };
};

const text = (step: StatefulStep): string => {
  switch (step.kind) {
    case 'create':
      return `+${step.ordinal}@${step.revision}`;
    case 'delete':
      return `-${step.pod.metadata.name.slice('web-'.length)}`;
    case 'label':
      return `label ${step.pod.metadata.name}`;
  }
};

const steps = (...args: Parameters<typeof snapshotOf>): string =>
  compileStatefulSet(snapshotOf(...args))
    .map(text)
    .join(' ');

const rolling = (more: object): Partial<StatefulSetSpec> => ({
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0, ...more } },
});

describe('compileStatefulSet(), in order', () => {
  const table: readonly [string, Partial<StatefulSetSpec>, string][] = [
    ['', {}, '+0@new'],
    ['0-', {}, ''],
    ['0', {}, '+1@new'],
    ['0', { minReadySeconds: 60 }, ''],
    ['0 1 2', {}, ''],
    ['0 2', {}, '+1@new'],
    ['0x 1 2', {}, ''],
    ['0! 1 2', {}, '-0'],
    ['0 1 2 3 4', {}, '-4'],
    ['0 1 2 3 4x', {}, ''],
    ['0 1 2 3 4-', {}, '-4'], // the first that is unwell may go
    ['0 1 2 3- 4-', {}, ''], // but not one above it
    ['0- 1 2 3', {}, ''],
    ['5 6 7', { ordinals: { start: 5 } }, ''],
    ['5 6', { ordinals: { start: 5 } }, '+7@new'],
    ['0 1 2', { ordinals: { start: 1 } }, '+3@new'],
    ['0', { replicas: 0 }, '-0'],
  ];
  for (const [pods, spec, expected] of table)
    it(`${pods || 'none'} with ${JSON.stringify(spec)}: ${expected || 'waits'}`, () =>
      assert.equal(steps(pods, spec), expected));
});

describe('compileStatefulSet(), parallel', () => {
  const parallel = { podManagementPolicy: 'Parallel' };
  it('makes and removes all at once', () => {
    assert.equal(steps('', parallel), '+0@new +1@new +2@new');
    assert.equal(steps('0- 1 2 3 4-', parallel), '-4 -3');
  });
});

describe('compileStatefulSet(), updating', () => {
  const table: readonly [string, Partial<StatefulSetSpec>, string][] = [
    ['0@old 1@old 2@old', {}, '-2'],
    ['0@old 1@old 2', {}, '-1'],
    ['0@old 1@old 2-', {}, ''],
    ['0@old 1@old 2x@old', {}, ''],
    ['0@old 1@old 2@old', rolling({ partition: 2 }), '-2'],
    ['0@old 1@old 2', rolling({ partition: 2 }), ''],
    ['0@old 2', rolling({ partition: 2 }), '+1@old'],
    ['0@old 1@old', rolling({ partition: 2 }), '+2@new'],
    ['0@old 1@old 2@old', { updateStrategy: { type: 'OnDelete' } }, ''],
    ['0@old 1@old 2@old', rolling({ maxUnavailable: 2 }), '-2 -1'],
    ['0@old 1@old 2-', { ...rolling({ maxUnavailable: 2 }), podManagementPolicy: 'Parallel' }, '-1'],
    ['5@old 6@old 7@old', { ...rolling({ partition: 1 }), ordinals: { start: 5 } }, '-7'],
    ['5@old 6 7', { ...rolling({ partition: 1 }), ordinals: { start: 5 } }, ''],
  ];
  for (const [pods, spec, expected] of table)
    it(`${pods} with ${JSON.stringify(spec)}: ${expected || 'waits'}`, () =>
      assert.equal(steps(pods, spec), expected));

  it('does nothing while it is being deleted', () => {
    const snapshot = snapshotOf('0@old');
    const metadata = { ...snapshot.set.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
    assert.deepEqual(compileStatefulSet({ ...snapshot, set: { ...snapshot.set, metadata } }), []);
  });
});

describe('a StatefulSet that is left alone', () => {
  const arbitrary = fc.record({
    replicas: fc.nat(5),
    partition: fc.nat(5),
    start: fc.nat(3),
    isParallel: fc.boolean(),
    maxUnavailable: fc.integer({ min: 1, max: 3 }),
    pods: fc.uniqueArray(
      fc.record({
        ordinal: fc.nat(8),
        state: fc.constantFrom('', '-', '!', 'x'),
        revision: fc.constantFrom('old', 'new'),
      }),
      { selector: ({ ordinal }) => ordinal, maxLength: 9 },
    ),
  });

  it('ends with its pods and no others, and never takes away more than it may', () => {
    fc.assert(
      fc.property(arbitrary, ({ replicas, partition, start, isParallel, maxUnavailable, pods }) => {
        const spec: Partial<StatefulSetSpec> = {
          replicas,
          ordinals: { start },
          podManagementPolicy: isParallel ? 'Parallel' : 'OrderedReady',
          ...rolling({ partition, maxUnavailable }),
        };
        let present = pods.map(({ ordinal, state, revision }) => `${ordinal}${state}@${revision}`);
        for (let round = 0; round < 100; round++) {
          const snapshot = snapshotOf(present.join(' '), spec);
          const next = compileStatefulSet(snapshot);
          const names = next.flatMap((step) => (step.kind === 'create' ? [step.ordinal] : []));
          assert.equal(new Set(names).size, names.length);
          const gone = new Set(next.flatMap((step) => (step.kind === 'delete' ? [ordinalIn(step.pod)] : [])));
          checkUpdates(snapshot, gone, maxUnavailable);
          if (!isParallel) assert.ok(next.filter(({ kind }) => kind === 'create').length <= 1);
          present = settled(present, gone, next);
        }
        const wanted = Array.from({ length: replicas }, (_, index) => start + index);
        const left = present.map((sketch) => Number.parseInt(sketch, 10)).sort((a, b) => a - b);
        assert.deepEqual(left, wanted);
        for (const sketch of present)
          if (Number.parseInt(sketch, 10) - start >= partition) assert.match(sketch, /@new$/);
      }),
    );
  });

  const ordinalIn = ({ metadata }: Stored<Pod>): number => Number(metadata.name.slice('web-'.length));

  /** Available pods of the set that go for an update, besides those that are unavailable already. */
  const checkUpdates = (snapshot: StatefulSnapshot, gone: ReadonlySet<number>, most: number): void => {
    const { replicas = 0, ordinals } = snapshot.set.spec!;
    const first = ordinals?.start ?? 0;
    const inRange = snapshot.pods.filter((pod) => {
      const ordinal = ordinalIn(pod);
      return ordinal >= first && ordinal < first + replicas;
    });
    const well = inRange.filter(
      ({ metadata, status }) =>
        !metadata.deletionTimestamp && status?.conditions?.length && status.phase === 'Running',
    );
    const lost = well.filter((pod) => gone.has(ordinalIn(pod))).length;
    assert.ok(lost === 0 || replicas - well.length + lost <= most);
  };

  /** What kubelets do: deleted pods go, all others become ready, but for failed ones. */
  const settled = (
    present: readonly string[],
    gone: ReadonlySet<number>,
    next: readonly StatefulStep[],
  ): string[] => [
    ...present
      .filter((sketch) => !gone.has(Number.parseInt(sketch, 10)) && !/^\d+x/.test(sketch))
      .map((sketch) => sketch.replace(/^(\d+)-/, '$1')),
    ...next.flatMap((step) => (step.kind === 'create' ? [`${step.ordinal}-@${step.revision}`] : [])),
  ];
});

describe('compileStatus()', () => {
  it('counts by revision, and ends a rollout when all is new', () => {
    const { currentReplicas, updatedReplicas, readyReplicas, currentRevision } = compileStatus(
      snapshotOf('0@old 1@old 2-'),
    );
    assert.deepEqual(
      { currentReplicas, updatedReplicas, readyReplicas, currentRevision },
      { currentReplicas: 2, updatedReplicas: 1, readyReplicas: 2, currentRevision: 'old' },
    );
    const done = compileStatus(snapshotOf('0 1 2'));
    assert.deepEqual([done.currentRevision, done.currentReplicas], ['new', 3]);
  });
  it('counts as available what was ready for long enough', () => {
    assert.equal(compileStatus(snapshotOf('0 1', { minReadySeconds: 30 })).availableReplicas, 0);
    assert.equal(compileStatus(snapshotOf('0 1', { minReadySeconds: 5 })).availableReplicas, 2);
  });
});
