import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { nodeOf, podOf, storedAs as stored } from '../../test/support/object-builders.ts';
import type { Container, Node, Pod, PodSpec } from '../k8s/generated/types.ts';
import { compilePlacement } from './compile.ts';
import { selectNode, selectPod } from './select.ts';
import { Usage } from './state.ts';

const zoned = (name: string, zone: string): Node =>
  nodeOf(name, { labels: { 'topology.kubernetes.io/zone': zone } });

/** Places the pods one after the other; each answer is a node, or why there is none. */
const place = (nodes: readonly Node[], pods: readonly Pod[]): string[] => {
  const usage = new Usage();
  const facts = nodes.map((node) => selectNode(stored(node)));
  return pods.map((pod) => {
    const decision = compilePlacement(stored(pod), {
      nodes: facts,
      usage,
      nominated: [],
      namespaceLabels: () => undefined,
      budgets: [],
    });
    if (decision.kind === 'bind') usage.place(selectPod(stored(pod)), decision.node);
    return decision.kind === 'bind' ? decision.node : decision.message;
  });
};

const replicas = (count: number, spec: Partial<PodSpec> = {}, app = 'web'): Pod[] =>
  Array.from({ length: count }, (_, i) => podOf(`${app}-${i}`, spec, { app }));

const requests = (cpu: string): Partial<PodSpec> => ({
  containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }],
});

const counts = (placed: readonly string[]): Record<string, number> =>
  placed.reduce<Record<string, number>>((all, node) => ({ ...all, [node]: (all[node] ?? 0) + 1 }), {});

describe('compilePlacement()', () => {
  it('spreads replicas over nodes', () => {
    const placed = place([nodeOf('a'), nodeOf('b'), nodeOf('c')], replicas(7));
    assert.deepEqual(placed, ['a', 'b', 'c', 'a', 'b', 'c', 'a']);
  });

  it('keeps zones even, whatever the number of their nodes', () => {
    const nodes = [zoned('a1', 'a'), zoned('a2', 'a'), zoned('b1', 'b')];
    assert.deepEqual(counts(place(nodes, replicas(8))), { a1: 2, a2: 2, b1: 4 });
  });

  it('puts single pods of different things on the emptiest node', () => {
    const pods = [...replicas(1, {}, 'x'), ...replicas(1, {}, 'y'), ...replicas(1, {}, 'z')];
    assert.deepEqual(place([nodeOf('a'), nodeOf('b'), nodeOf('c')], pods), ['a', 'b', 'c']);
  });

  it('honours nodeSelector, node affinity, taints and cordons', () => {
    const ssd = nodeOf('ssd', { labels: { disk: 'ssd' } });
    const tainted = nodeOf('t', { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } });
    const cordoned = nodeOf('u', { spec: { unschedulable: true } });
    const nodes = [cordoned, ssd, tainted];
    const term = { matchExpressions: [{ key: 'disk', operator: 'DoesNotExist' }] };
    const affinity = {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
    };
    const tolerations = [{ key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' }];
    assert.deepEqual(place(nodes, [podOf('p', { nodeSelector: { disk: 'ssd' } })]), ['ssd']);
    assert.deepEqual(place(nodes, [podOf('p', { affinity, tolerations })]), ['t']);
    assert.deepEqual(place(nodes, [podOf('p', { affinity })]), [
      "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, " +
        '1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. ' +
        'preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
    ]);
  });

  it('compares numbers in node affinity, and sees no label that a node does not have', () => {
    const wants = (key: string, operator: string, values?: string[]): Pod => {
      const term = { matchExpressions: [{ key, operator, ...(values && { values }) }] };
      return podOf('p', {
        affinity: {
          nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
        },
      });
    };
    const nodes = [nodeOf('small', { labels: { cores: '9' } }), nodeOf('large', { labels: { cores: '10' } })];
    assert.deepEqual(place(nodes, [wants('cores', 'Gt', ['9']), wants('cores', 'Lt', ['10'])]), [
      'large',
      'small',
    ]);
    assert.match(place(nodes, [wants('constructor', 'Exists')])[0]!, /0\/2 nodes are available/);
  });

  it('leaves a node that is not ready alone, before its taint comes', () => {
    const down = { ...nodeOf('a'), status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } };
    assert.deepEqual(place([down, nodeOf('b')], replicas(2)), ['b', 'b']);
  });

  it('fills nodes up to what they can allocate', () => {
    const nodes = [nodeOf('a', { allocatable: { cpu: '1', pods: '2' } })];
    assert.deepEqual(place(nodes, replicas(2, requests('600m'))), [
      'a',
      '0/1 nodes are available: 1 Insufficient cpu. ' +
        'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    ]);
    assert.match(place(nodes, replicas(3))[2]!, /1 Too many pods\./);
  });

  it('gives a host port once a node', () => {
    const ports = [{ containerPort: 80, hostPort: 80 }];
    const spec = { containers: [{ name: 'c', image: 'i', ports }] };
    const placed = place([nodeOf('a'), nodeOf('b')], replicas(3, spec));
    assert.deepEqual(placed.slice(0, 2), ['a', 'b']);
    assert.match(placed[2]!, /2 node\(s\) didn't have free ports for the requested pod ports/);
  });

  it('counts the host ports of sidecars', () => {
    const ports = [{ containerPort: 80, hostPort: 80 }];
    const sidecar = { name: 's', image: 'i', restartPolicy: 'Always', ports };
    const placed = place([nodeOf('a'), nodeOf('b')], replicas(3, { initContainers: [sidecar] }));
    assert.match(placed[2]!, /2 node\(s\) didn't have free ports for the requested pod ports/);
  });

  it('counts for an init container only the sidecars that run before it', () => {
    const cpu = (amount: string) => ({ image: 'i', resources: { requests: { cpu: amount } } });
    const init = { name: 'init', ...cpu('3') };
    const sidecar = { name: 'sidecar', restartPolicy: 'Always', ...cpu('2') };
    const placedWith = (...initContainers: Container[]): string =>
      place([nodeOf('a')], [podOf('p', { initContainers })])[0]!;
    assert.equal(placedWith(init, sidecar), 'a');
    assert.match(placedWith(sidecar, init), /Insufficient cpu/);
  });

  it('says so when there is no node at all', () => {
    assert.deepEqual(place([], replicas(1)), ['no nodes available to schedule pods']);
  });

  it('never differs by more than one between nodes of one zone, and does not depend on their order', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 });
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 20 }), (all, count) => {
        const nodes = all.map((name) => nodeOf(name));
        const placed = place(nodes, replicas(count));
        assert.deepEqual(placed, place(nodes.toReversed(), replicas(count)));
        const sizes = all.map((name) => counts(placed)[name] ?? 0);
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
      }),
    );
  });
});

describe('Usage', () => {
  it('is empty again when all that was placed is removed, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.constantFrom('a', 'b'))), (placements) => {
        const usage = new Usage();
        const facts = (i: number) => selectPod(stored(podOf(`p${i}`, requests('100m'), { app: 'x' })));
        for (const [i, node] of placements) usage.place(facts(i), node);
        const present = new Map(placements);
        const [{ pods: a }, { pods: b }] = [usage.of('a'), usage.of('b')];
        assert.equal(a + b, present.size);
        for (const [i] of placements) usage.remove(`p${i}`);
        assert.equal(usage.toText(), '');
        assert.equal(usage.spread(facts(0).group).size, 0);
      }),
    );
  });
});
