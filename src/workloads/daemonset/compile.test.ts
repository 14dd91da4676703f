import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { DaemonSet, DaemonSetSpec, Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { nodeOf, storedAs, templateOf } from '../../../test/support/object-builders.ts';
import { type DaemonPlan, type DaemonSnapshot, compileDaemonSet } from './compile.ts';
import { FailedPods } from './failed-pods.ts';
import { daemonPod, nodeFit, nodeNameOf } from './node-fit.ts';
import { compileStatus } from './status.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');

const setOf = (spec: Partial<DaemonSetSpec> = {}): Stored<DaemonSet> =>
  storedAs({
    metadata: {
      name: 'agent',
      namespace: 'ns',
      annotations: { 'deprecated.daemonset.template.generation': '3' },
    },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: templateOf(),
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      ...spec,
    },
  });

const surge: Partial<DaemonSetSpec> = {
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
};

/** `old` or `new`, then `-` not ready, `!` failed, `x` terminating. */
const podOf = (set: Stored<DaemonSet>, node: string, sketch: string, index: number): Stored<Pod> => {
  const [, hash, state] = /^(old|new)([-!x]?)$/.exec(sketch)!;
  const made = daemonPod(set, node, hash!);
  return storedAs<Pod>({
    ...made,
    metadata: {
      ...made.metadata,
      name: `${node}.${index}`,
      ...(state === 'x' ? { deletionTimestamp: '2026-01-01T11:59:00Z' } : {}),
    },
    spec: { ...made.spec!, nodeName: node },
    status: {
      phase: state === '!' ? 'Failed' : 'Running',
      conditions:
        state === '' ? [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T11:59:50Z' }] : [],
    },
  });
};

/** `a: old new-; b: ; !c: new` - a node with `!` is not for the set, with `~` it may keep what it has. */
const snapshotOf = (places: string, spec: Partial<DaemonSetSpec> = {}): DaemonSnapshot => {
  const set = setOf(spec);
  return {
    set,
    places: places.split(';').map((place) => {
      const [, mark, node, pods = ''] = /^\s*([!~]?)(\w+):(.*)$/.exec(place)!;
      return {
        node: node!,
        fit: mark === '!' ? 'never' : mark === '~' ? 'stay' : 'run',
        pods: pods
          .trim()
          .split(/\s+/)
          .filter(Boolean)
          .map((sketch, index) => podOf(set, node!, sketch, index)),
      };
    }),
    lost: [],
    hash: 'new',
    isDue: () => true,
    nowMs: NOW,
  };
};

const text = ({ create, remove }: DaemonPlan): string =>
  [...create.map((node) => `+${node}`), ...remove.map(({ metadata }) => `-${metadata.name}`)].join(' ');

const plan = (...args: Parameters<typeof snapshotOf>): string => text(compileDaemonSet(snapshotOf(...args)));

describe('compileDaemonSet()', () => {
  const table: readonly [string, Partial<DaemonSetSpec>, string][] = [
    ['a:; b:', {}, '+a +b'],
    ['a: new; ~b:; !c: new', {}, '-c.0'],
    ['~a: new', {}, ''],
    ['a: new new', {}, '-a.1'],
    ['a: new!', {}, '-a.0'],
    ['a: newx', {}, ''],
    ['a: old; b: old; c: old', {}, '-a.0'],
    ['a: new-; b: old; c: old', {}, ''],
    ['a: old-; b: old; c: old', {}, '-a.0'],
    ['a: oldx; b: old', {}, ''],
    ['a: old; b: old', { updateStrategy: { type: 'OnDelete' } }, ''],
    [
      'a: old; b: old; c: old',
      { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '50%', maxSurge: 0 } } },
      '-a.0 -b.0',
    ],
    ['a: old; b: old', surge, '+a'],
    ['a: old new-; b: old', surge, ''],
    ['a: old new; b: old', surge, '-a.0'],
    ['a: new; b: old', surge, '+b'],
    ['a: old- new-; b: old', surge, '-a.0'],
    ['a: old new; b: old', { ...surge, minReadySeconds: 60 }, '+b'], // the old ones are not available either
  ];
  for (const [places, spec, expected] of table)
    it(`${places} with ${JSON.stringify(spec)}: ${expected || 'waits'}`, () =>
      assert.equal(plan(places, spec), expected));

  it('ends with one new pod on each node, and never lacks more than it may', () => {
    const sketch = fc.constantFrom('old', 'new', 'old-', 'new-', 'old!', 'oldx');
    const place = fc.record({ fit: fc.constantFrom('', '!'), pods: fc.array(sketch, { maxLength: 3 }) });
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 6 }), fc.boolean(), (drawn, isSurging) => {
        const spec = isSurging ? surge : {};
        let places = drawn.map(({ fit, pods }, index) => ({
          name: `${fit}n${index}`,
          pods: pods as string[],
        }));
        for (let round = 0; round < 60; round++) {
          const snapshot = snapshotOf(
            places.map(({ name, pods }) => `${name}: ${pods.join(' ')}`).join(';'),
            spec,
          );
          const next = compileDaemonSet(snapshot);
          const gone = new Set(next.remove.map(({ metadata }) => metadata.name));
          places = places.map(({ name, pods }) => {
            const node = name.replace('!', '');
            const kept = pods.filter((pod, index) => !gone.has(`${node}.${index}`) && !pod.endsWith('x'));
            const ready = kept.map((pod) => pod.replace('-', ''));
            return { name, pods: [...ready, ...(next.create.includes(node) ? ['new-'] : [])] };
          });
        }
        for (const { name, pods } of places)
          assert.deepEqual(pods, name.startsWith('!') ? [] : ['new'], name);
      }),
    );
  });
});

describe('nodeFit()', () => {
  const fit = (spec: object, node: Parameters<typeof nodeOf>[1]): string =>
    nodeFit(
      setOf({ template: { ...templateOf(), spec: { containers: [], ...spec } } }),
      storedAs(nodeOf('n', node)),
    );
  const tainted = (key: string, effect: string) => ({ spec: { taints: [{ key, effect }] } });
  it('asks for labels, affinity, names and taints', () => {
    assert.equal(fit({}, {}), 'run');
    assert.equal(fit({ nodeSelector: { disk: 'ssd' } }, {}), 'never');
    assert.equal(fit({ nodeSelector: { disk: 'ssd' } }, { labels: { disk: 'ssd' } }), 'run');
    assert.equal(fit({ nodeName: 'other' }, {}), 'never');
    assert.equal(fit({}, tainted('gpu', 'NoSchedule')), 'stay');
    assert.equal(fit({}, tainted('gpu', 'NoExecute')), 'never');
    assert.equal(fit({ tolerations: [{ operator: 'Exists' }] }, tainted('gpu', 'NoExecute')), 'run');
  });
  it('is there for nodes that are cordoned or unwell', () => {
    for (const [key, effect] of [
      ['node.kubernetes.io/unschedulable', 'NoSchedule'],
      ['node.kubernetes.io/not-ready', 'NoExecute'],
      ['node.kubernetes.io/unreachable', 'NoExecute'],
      ['node.kubernetes.io/memory-pressure', 'NoSchedule'],
    ])
      assert.equal(fit({}, tainted(key!, effect!)), 'run', key);
  });
});

describe('daemonPod()', () => {
  it('is meant for its node alone, whatever the template requires', () => {
    const required = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }] };
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
    const set = setOf({ template: { ...templateOf(), spec: { containers: [], affinity } } });
    const pod = storedAs<Pod>(daemonPod(set, 'n1', 'h'));
    assert.equal(nodeNameOf(pod), 'n1');
    assert.deepEqual(pod.metadata.labels, {
      app: 'web',
      'controller-revision-hash': 'h',
      'pod-template-generation': '3',
    });
  });
});

describe('compileStatus()', () => {
  it('counts nodes', () => {
    const { observedGeneration: _, ...counts } = compileStatus(snapshotOf('a: new; b: old-; c:; !d: new'));
    assert.deepEqual(counts, {
      desiredNumberScheduled: 3,
      currentNumberScheduled: 2,
      numberMisscheduled: 1,
      numberReady: 1,
      numberAvailable: 1,
      numberUnavailable: 2,
      updatedNumberScheduled: 1,
    });
  });
});

describe('FailedPods', () => {
  it('waits twice as long after each failure, and forgets after a long peace', () => {
    const failed = new FailedPods();
    const waits: number[] = [];
    let now = 0;
    for (let n = 0; n < 12; n++) {
      failed.replaced('k', now);
      waits.push(failed.dueMs('k') - now);
      assert.equal(failed.isDue('k', failed.dueMs('k') - 1), false);
      now = failed.dueMs('k');
    }
    assert.deepEqual(waits.slice(0, 4), [1000, 2000, 4000, 8000]);
    assert.equal(waits.at(-1), 900_000);
    failed.replaced('k', now + 1_800_000);
    assert.equal(failed.dueMs('k') - (now + 1_800_000), 1000);
  });
});
