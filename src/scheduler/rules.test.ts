// What pods want of the pods around them, and who has to go: tables of objects in, a node or a reason out.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeOf, podOf, storedAs as stored } from '../../test/support/object-builders.ts';
import type { Node, Pod, PodDisruptionBudget, PodSpec } from '../k8s/generated/types.ts';
import { compilePlacement } from './compile.ts';
import { selectNode, selectPod } from './select.ts';
import { Usage } from './state.ts';

const ZONE = 'topology.kubernetes.io/zone';
const HOST = 'kubernetes.io/hostname';
const zoned = (name: string, zone: string): Node => nodeOf(name, { labels: { [ZONE]: zone } });
const ZONES = [zoned('a1', 'a'), zoned('a2', 'a'), zoned('b1', 'b')];

const at = (node: string, name: string, spec: Partial<PodSpec> = {}, app = 'web', namespace = 'ns'): Pod => {
  const pod = podOf(name, { ...spec, nodeName: node }, { app });
  return { ...pod, metadata: { ...pod.metadata, namespace } };
};

type Around = {
  readonly nodes?: readonly Node[];
  readonly placed?: readonly Pod[];
  readonly budgets?: readonly PodDisruptionBudget[];
  readonly nominated?: readonly Pod[];
};

const decide = (pod: Pod, { nodes = ZONES, placed = [], budgets = [], nominated = [] }: Around) => {
  const usage = new Usage();
  for (const each of placed) usage.place(selectPod(stored(each)), each.spec!.nodeName!);
  return compilePlacement(stored(pod), {
    nodes: nodes.map((node) => selectNode(stored(node))),
    usage,
    nominated: nominated.map((each) => ({
      pod: selectPod(stored(each)),
      node: each.status!.nominatedNodeName!,
    })),
    namespaceLabels: (name) => (name === 'other' ? { team: 'x' } : {}),
    budgets: budgets.map((each) => stored(each)),
  });
};

const outcome = (pod: Pod, around: Around): string => {
  const decision = decide(pod, around);
  if (decision.kind === 'bind') return decision.node;
  return decision.message.replace(/ preemption: .*/, '');
};

const term = (topologyKey = ZONE, more: object = {}) => ({
  topologyKey,
  labelSelector: { matchLabels: { app: 'web' } },
  ...more,
});
const near = (...terms: object[]): Partial<PodSpec> => ({
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms as never } },
});
const apart = (...terms: object[]): Partial<PodSpec> => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms as never } },
});
const client = (spec: Partial<PodSpec>, app = 'client'): Pod => podOf('p', spec, { app });
const none = (reason: string, count = 3): string =>
  `0/${count} nodes are available: ${count} node(s) ${reason}.`;

describe('pod affinity', () => {
  for (const [what, pod, around, wanted] of [
    ['goes where the pods are', client(near(term())), { placed: [at('b1', 'w')] }, 'b1'],
    ['waits for them', client(near(term())), {}, none("didn't match pod affinity rules")],
    ['lets the first of a group begin', client(near(term()), 'web'), {}, 'a1'],
    [
      'looks into its own namespace only',
      client(near(term())),
      { placed: [at('b1', 'w', {}, 'web', 'other')] },
      none("didn't match pod affinity rules"),
    ],
    [
      'looks into namespaces that it names',
      client(near(term(ZONE, { namespaces: ['other'] }))),
      { placed: [at('b1', 'w', {}, 'web', 'other')] },
      'b1',
    ],
    [
      'looks into namespaces that it selects',
      client(near(term(ZONE, { namespaceSelector: { matchLabels: { team: 'x' } } }))),
      { placed: [at('b1', 'w', {}, 'web', 'other')] },
      'b1',
    ],
    ['stays away from pods', client(apart(term())), { placed: [at('a2', 'w')] }, 'b1'],
    [
      'says so where they are everywhere',
      client(apart(term())),
      { placed: [at('a2', 'w'), at('b1', 'x')] },
      none("didn't match pod anti-affinity rules"),
    ],
    [
      'respects pods that want to be alone',
      client({}, 'web'),
      { placed: [at('a1', 'w', apart(term()), 'db'), at('b1', 'x', apart(term()), 'db')] },
      none("didn't satisfy existing pods anti-affinity rules"),
    ],
    [
      'prefers the pods that it would like near',
      client({
        affinity: {
          podAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 5, podAffinityTerm: term() }],
          },
        },
      }),
      { placed: [at('b1', 'w')] },
      'b1',
    ],
    [
      'counts only pods of the same value of a matchLabelKey',
      client(apart(term(ZONE, { matchLabelKeys: ['app'] }))),
      { placed: [at('a1', 'w'), at('b1', 'x')] },
      'a2',
    ],
  ] as const satisfies readonly (readonly [string, Pod, Around, string])[])
    it(what, () => assert.equal(outcome(pod, around), wanted));
});

describe('topologySpreadConstraints', () => {
  const spread = (more: object = {}): Pod =>
    podOf(
      'p',
      {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: ZONE,
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector: { matchLabels: { app: 'web' } },
            ...more,
          },
        ],
      },
      { app: 'web' },
    );
  const CORDONED_A = [nodeOf('a1', { labels: { [ZONE]: 'a' }, spec: { unschedulable: true } }), ZONES[2]!];
  const ending = {
    ...at('b1', 'w'),
    metadata: {
      name: 'w',
      namespace: 'ns',
      labels: { app: 'web' },
      deletionTimestamp: '2026-01-01T00:00:00Z',
    },
  };
  for (const [what, pod, around, wanted] of [
    ['takes the emptier zone', spread(), { placed: [at('a1', 'w')] }, 'b1'],
    [
      'refuses what would be too uneven',
      spread(),
      {
        nodes: [
          ...ZONES.slice(0, 2),
          nodeOf('b1', { labels: { [ZONE]: 'b' }, spec: { unschedulable: true } }),
        ],
        placed: [at('a1', 'w')],
      },
      "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match pod topology spread constraints.",
    ],
    [
      'refuses nodes without the label',
      spread({ topologyKey: 'rack' }),
      {},
      none("didn't match pod topology spread constraints (missing required label)"),
    ],
    [
      'counts no zone as empty while there are fewer than minDomains',
      spread({ minDomains: 3 }),
      { placed: [at('a1', 'w'), at('b1', 'x')] },
      none("didn't match pod topology spread constraints"),
    ],
    ['does not count pods that are ending', spread(), { nodes: CORDONED_A, placed: [ending] }, 'b1'],
    [
      'prefers where it may not insist',
      spread({ whenUnsatisfiable: 'ScheduleAnyway' }),
      { placed: [at('b1', 'w'), at('b1', 'x')] },
      'a1',
    ],
  ] as const satisfies readonly (readonly [string, Pod, Around, string])[])
    it(what, () => assert.equal(outcome(pod, around), wanted));
});

describe('extended resources', () => {
  const gpu = (name: string): Partial<PodSpec> => ({
    containers: [{ name, image: 'i', resources: { requests: { 'example.com/gpu': '1' } } }],
  });
  const nodes = [nodeOf('a'), nodeOf('b', { allocatable: { pods: '9', 'example.com/gpu': '1' } })];

  it('are given as often as a node has them', () => {
    assert.equal(outcome(podOf('p', gpu('c')), { nodes }), 'b');
    assert.equal(
      outcome(podOf('p', gpu('c')), { nodes, placed: [at('b', 'w', gpu('c'))] }),
      '0/2 nodes are available: 2 Insufficient example.com/gpu.',
    );
  });
});

describe('compilePreemption()', () => {
  const cpu = (amount: string, priority: number): Partial<PodSpec> => ({
    priority,
    containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: amount } } }],
  });
  const small = ['a', 'b'].map((name) => nodeOf(name, { allocatable: { cpu: '2', pods: '9' } }));
  const important = podOf('p', cpu('2', 100));
  const victims = (pod: Pod, around: Around): string => {
    const decision = decide(pod, { nodes: small, ...around });
    if (decision.kind === 'bind') return `bound to ${decision.node}`;
    const { preemption, message } = decision;
    return preemption
      ? `${preemption.node}: ${preemption.victims.map(({ name }) => name).join(' ')}`
      : message;
  };

  it('ends the pods of the lowest priority', () => {
    const placed = [at('a', 'low', cpu('2', 1)), at('b', 'mid', cpu('2', 50))];
    assert.equal(victims(important, { placed }), 'a: low');
    const { message } = decide(important, { nodes: small, placed }) as { message: string };
    assert.equal(message, '0/2 nodes are available: 2 Insufficient cpu.');
  });

  it('ends as few as it can', () => {
    const placed = [at('a', 'x', cpu('1', 1)), at('a', 'y', cpu('1', 2)), at('b', 'z', cpu('1500m', 50))];
    assert.equal(victims(podOf('p', cpu('1', 100)), { placed }), 'a: x');
  });

  it('ends no pod of the same priority, and none for a pod that says Never', () => {
    const placed = [at('a', 'x', cpu('2', 100)), at('b', 'y', cpu('2', 100))];
    const nobody =
      '0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.';
    assert.equal(victims(important, { placed }), nobody);
    const shy = podOf('p', { ...cpu('2', 200), preemptionPolicy: 'Never' });
    assert.equal(
      victims(shy, { placed }),
      '0/2 nodes are available: 2 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.',
    );
  });

  it('breaks no budget if it need not', () => {
    const placed = [at('a', 'kept', cpu('2', 1), 'db'), at('b', 'free', cpu('2', 50))];
    const budget: PodDisruptionBudget = {
      metadata: { name: 'b', namespace: 'ns' },
      spec: { selector: { matchLabels: { app: 'db' } } },
      status: { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
    };
    assert.equal(victims(important, { placed, budgets: [budget] }), 'b: free');
  });

  it('ends those that keep it apart', () => {
    const placed = [at('a', 'w', { priority: 1 }), at('b', 'x', { priority: 50 })];
    const pod = podOf('p', { priority: 100, ...apart(term(HOST)) });
    assert.equal(victims(pod, { placed }), 'a: w');
  });

  it('waits while the room that it was given is being made', () => {
    const gone = at('a', 'low', cpu('2', 1));
    const ending = { ...gone, metadata: { ...gone.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    const pod = { ...important, status: { nominatedNodeName: 'a' } };
    const decision = decide(pod, { nodes: small, placed: [ending, at('b', 'mid', cpu('2', 50))] });
    assert.deepEqual(decision, {
      kind: 'unschedulable',
      message:
        '0/2 nodes are available: 2 Insufficient cpu. preemption: not eligible due to a terminating pod on the nominated node.',
      nominated: 'a',
    });
  });

  it('keeps the room from pods of a lower priority', () => {
    const nominated = [{ ...important, status: { nominatedNodeName: 'a' } }];
    const other = (priority: number): Pod => ({
      ...podOf('q', cpu('1', priority)),
    });
    const nodes = small.slice(0, 1);
    assert.match(victims(other(1), { nodes, nominated }), /Insufficient cpu/);
    assert.equal(victims(other(500), { nodes, nominated }), 'bound to a');
  });
});
