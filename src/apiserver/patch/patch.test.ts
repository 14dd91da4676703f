import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ApiError } from '../../k8s/api-error.ts';
import { createSchemas, loadDefinitions } from '../schema/schema.ts';
import { applyPatch } from './apply-patch.ts';
import { mergePatch } from './merge-patch.ts';

const pod = createSchemas(loadDefinitions()).root('io.k8s.api.core.v1.Pod');
const deployment = createSchemas(loadDefinitions()).root('io.k8s.api.apps.v1.Deployment');

const merge = (object: object, body: unknown, root = pod): unknown =>
  applyPatch(root, object, { type: 'application/strategic-merge-patch+json', body });

const json = (object: object, body: unknown): unknown =>
  applyPatch(pod, object, { type: 'application/json-patch+json', body });

const codeOf = (attempt: () => unknown): number => {
  try {
    attempt();
  } catch (error) {
    if (error instanceof ApiError) return error.code;
  }
  return assert.fail('expected a Status');
};

describe('mergePatch()', () => {
  it('does what the examples of RFC 7386 do', () => {
    for (const [target, patch, result] of [
      [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
      [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
      [{ a: 'b' }, { a: null }, {}],
      [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
      [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
      [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
      [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
      [['a'], ['c'], ['c']],
      [{ a: 'foo' }, null, null],
      [{ e: null }, { a: 1 }, { e: null, a: 1 }],
      [[1, 2], { a: 'b', c: null }, { a: 'b' }],
      [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    ] as const)
      assert.deepEqual(mergePatch(target, patch), result);
  });
});

describe('applyJsonPatch()', () => {
  it('applies all operations to a copy, or none', () => {
    const object = { spec: { containers: [{ name: 'a' }] } };
    const add = { op: 'add', path: '/spec/containers/-', value: { name: 'b' } };
    assert.deepEqual(json(object, [add]), { spec: { containers: [{ name: 'a' }, { name: 'b' }] } });
    assert.equal(
      codeOf(() => json(object, [add, { op: 'remove', path: '/spec/none' }])),
      422,
    );
    assert.deepEqual(object, { spec: { containers: [{ name: 'a' }] } });
  });

  it('refuses what is not a patch', () => {
    for (const body of [{}, 'x', [1], [{ op: 'jump', path: '/a' }], [{ op: 'remove' }]])
      assert.equal(
        codeOf(() => json({}, body)),
        400,
      );
    assert.equal(
      codeOf(() => json({}, Array(10_001).fill({ op: 'test', path: '', value: {} }))),
      413,
    );
    for (const path of ['no-slash', '/kind/x', ''])
      assert.equal(
        codeOf(() => json({ kind: 'Pod' }, [{ op: 'add', path, value: 1 }])),
        422,
      );
  });

  it('copies no more than a request may hold: each copy could double the object', () => {
    const copies = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ op: 'copy', from: '/data', path: `/data/${i}` }));
    const copied = json({ data: { a: 'x' } }, copies(2));
    assert.deepEqual(copied, { data: { 0: { a: 'x' }, 1: { a: 'x', 0: { a: 'x' } }, a: 'x' } });
    assert.equal(
      codeOf(() => json({ data: { a: 'x' } }, copies(20))),
      422,
    );
  });
});

describe('strategicMerge()', () => {
  const containers = (...names: readonly string[]) => names.map((name) => ({ name, image: name }));
  const spec = (object: unknown) => (object as { spec: Record<string, unknown> }).spec;
  const names = (object: unknown): string =>
    (spec(object)['containers'] as readonly { name: string }[]).map(({ name }) => name).join(' ');

  it('merges items by their key and replaces lists that have none', () => {
    const object = {
      spec: { containers: [{ name: 'c', image: 'x', args: ['1', '2'], env: [{ name: 'A', value: '1' }] }] },
    };
    const patch = { spec: { containers: [{ name: 'c', args: ['3'], env: [{ name: 'B', value: '2' }] }] } };
    assert.deepEqual(spec(merge(object, patch))['containers'], [
      {
        name: 'c',
        image: 'x',
        args: ['3'],
        env: [
          { name: 'B', value: '2' },
          { name: 'A', value: '1' },
        ],
      },
    ]);
  });

  it('deletes and replaces by $patch', () => {
    const object = { spec: { nodeSelector: { a: 'b' }, containers: containers('a', 'b', 'c') } };
    const patched = merge(object, {
      spec: { containers: [{ name: 'b', $patch: 'delete' }], nodeSelector: { $patch: 'replace', x: 'y' } },
    });
    assert.equal(names(patched), 'a c');
    assert.deepEqual(spec(patched)['nodeSelector'], { x: 'y' });
    assert.equal(names(merge(object, { spec: { containers: [{ $patch: 'replace' }, { name: 'n' }] } })), 'n');
    assert.deepEqual(merge(object, { spec: { $patch: 'delete' } }), { spec: {} });
  });

  it('keeps only what $retainKeys names', () => {
    const object = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } };
    const patch = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } };
    assert.deepEqual(merge(object, patch, deployment), { spec: { strategy: { type: 'Recreate' } } });
    const unnamed = { spec: { strategy: { $retainKeys: ['type'], rollingUpdate: {} } } };
    assert.equal(
      codeOf(() => merge(object, unnamed, deployment)),
      400,
    );
  });

  it('treats lists of scalars as sets', () => {
    const object = { metadata: { finalizers: ['a/1', 'b/2'] } };
    assert.deepEqual(merge(object, { metadata: { finalizers: ['b/2', 'c/3'] } }), {
      metadata: { finalizers: ['a/1', 'b/2', 'c/3'] },
    });
    assert.deepEqual(merge(object, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a/1'] } }), {
      metadata: { finalizers: ['b/2'] },
    });
  });

  it('orders by $setElementOrder; what only the server has keeps its place', () => {
    const object = { spec: { containers: containers('a', 'server', 'b') } };
    const order = (...list: readonly string[]) => list.map((name) => ({ name }));
    const reordered = { spec: { '$setElementOrder/containers': order('b', 'a') } };
    assert.equal(names(merge(object, reordered)), 'server b a');
    const added = {
      spec: { '$setElementOrder/containers': order('a', 'n', 'b'), containers: containers('n') },
    };
    assert.equal(names(merge(object, added)), 'a n server b');
  });

  it('takes new values without nulls and directives, and removes by null', () => {
    const patch = {
      spec: {
        affinity: { podAffinity: null, nodeAffinity: { $retainKeys: ['x'] } },
        containers: [{ name: 'b', $patch: 'delete' }],
      },
    };
    assert.deepEqual(merge({ spec: {} }, patch), {
      spec: { affinity: { nodeAffinity: {} }, containers: [] },
    });
    assert.deepEqual(merge({ spec: { nodeName: 'n' } }, { spec: { nodeName: null } }), { spec: {} });
  });

  it('reads each item a few times, however many there are', () => {
    const LENGTH = 2000;
    let reads = 0;
    const items = (from: number): readonly object[] =>
      Array.from({ length: LENGTH }, (_, index) => ({
        get name() {
          reads++;
          return `c${from + index}`;
        },
      }));
    const patch = {
      containers: items(LENGTH / 2),
      '$setElementOrder/containers': items(LENGTH / 2),
    };
    const { spec } = merge({ spec: { containers: items(0) } }, { spec: patch }) as {
      readonly spec: { readonly containers: readonly unknown[] };
    };
    assert.equal(spec.containers.length, 1.5 * LENGTH);
    assert.ok(reads < 50 * LENGTH, `${reads} reads of ${LENGTH} items`);
  });

  it('refuses an item without its key and an unknown directive', () => {
    const object = { spec: { containers: containers('a') } };
    for (const patch of [
      { spec: { containers: [{ image: 'x' }] } },
      { spec: { containers: [{ name: 'a', $patch: 'nonsense' }] } },
      { $patch: 'nonsense' },
      { spec: { '$setElementOrder/containers': 'a' } },
    ])
      assert.equal(
        codeOf(() => merge(object, patch)),
        400,
      );
  });

  const container: fc.Arbitrary<Item> = fc.record(
    {
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      image: fc.constantFrom('x', 'y'),
      args: fc.array(fc.constantFrom('1', '2')),
    },
    { requiredKeys: ['name'], noNullPrototype: true },
  );
  type Item = { readonly name: string };
  const podOf = (list: readonly Item[], labels: object) => ({
    metadata: { labels },
    spec: { containers: list },
  });
  const somePod = fc
    .tuple(
      fc.uniqueArray(container, { selector: ({ name }) => name }),
      fc.dictionary(fc.constantFrom('k', 'l'), fc.constantFrom('1', '2'), { noNullPrototype: true }),
    )
    .map(([list, labels]) => podOf(list, labels));

  it('nothing and itself change nothing, twice is once, and the input stays as it was', () => {
    fc.assert(
      fc.property(somePod, somePod, (object, patch) => {
        const copy = structuredClone(object);
        assert.deepEqual(merge(object, {}), object);
        assert.deepEqual(merge(object, object), object);
        const once = merge(object, patch) as object;
        assert.deepEqual(merge(once, patch), once);
        assert.deepEqual(object, copy);
      }),
    );
  });

  it('a patch made of deletions, changes and an order gives the object that it was made from', () => {
    fc.assert(
      fc.property(somePod, somePod, (object, wanted) => {
        const kept = wanted.spec.containers;
        const gone = object.spec.containers.filter(({ name }) => !kept.some((each) => each.name === name));
        const fresh = (item: object) => ({ image: null, args: null, ...item });
        const patch = {
          metadata: { labels: { k: null, l: null, ...wanted.metadata.labels } },
          spec: {
            '$setElementOrder/containers': kept.map(({ name }) => ({ name })),
            containers: [...kept.map(fresh), ...gone.map(({ name }) => ({ name, $patch: 'delete' }))],
          },
        };
        assert.deepEqual(merge(object, patch), wanted);
      }),
    );
  });
});
