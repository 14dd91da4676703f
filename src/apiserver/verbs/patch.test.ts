import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { CONTAINERS, ref, statusOf, verbsOf } from '../../../test/support/registry-verbs.ts';
import type { TestObject } from '../../../test/support/registry-verbs.ts';
import { createTestRegistry, podKind, testContext } from '../../../test/support/test-registry.ts';
import type { Registry } from '../registry.ts';

let registry: Registry;
const { create } = verbsOf(() => registry);

beforeEach(async () => {
  ({ registry } = await createTestRegistry());
});

describe('patch', () => {
  const patch = (body: unknown, type: 'merge' | 'json' | 'strategic-merge' = 'merge') =>
    registry.patch(
      podKind,
      ref('p'),
      { type: `application/${type}-patch+json`, body },
      testContext(),
    ) as Promise<TestObject>;

  beforeEach(() => create(podKind, 'p', { spec: { containers: CONTAINERS } }));

  it('changes the object as it is now; a version in the patch makes it conditional', async () => {
    const { metadata } = await patch({ metadata: { labels: { a: 'b' } } });
    assert.deepEqual(metadata.labels, { a: 'b' });
    const { reason } = await statusOf(patch({ metadata: { resourceVersion: '1', labels: null } }));
    assert.equal(reason, 'Conflict');
  });

  it('merges lists by the schema when it is strategic', async () => {
    const added = { spec: { containers: [{ name: 'side', image: 'busybox' }] } };
    const { spec } = await patch(added, 'strategic-merge');
    assert.deepEqual(
      spec?.containers.map(({ name }) => name),
      ['side', 'c'],
    );
  });

  it('refuses what it does not know and what does not apply', async () => {
    assert.equal(
      (await statusOf(patch({ spec: { no: 1 } }, 'strategic-merge'))).message,
      ' "" is invalid: patch: Invalid value: "map[spec:map[no:1]]": strict decoding error: unknown field "spec.no"',
    );
    const { code, reason } = await statusOf(patch([{ op: 'test', path: '/kind', value: 'x' }], 'json'));
    assert.deepEqual([code, reason], [422, 'Invalid']);
  });
});
