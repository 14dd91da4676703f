import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { statusOf, verbsOf } from '../../../test/support/registry-verbs.ts';
import { configMapKind, createTestRegistry, namespaceKind } from '../../../test/support/test-registry.ts';
import type { Kind } from '../kind.ts';
import type { Registry } from '../registry.ts';

let registry: Registry;
const { create } = verbsOf(() => registry);

beforeEach(async () => {
  ({ registry } = await createTestRegistry());
});

describe('allocations', () => {
  it('are taken for good by a write, and given back when it fails or is a dry run', async () => {
    const calls: string[] = [];
    const allocate: Kind['allocate'] = () => ({
      ok: true,
      commit: () => void calls.push('commit'),
      rollback: () => void calls.push('rollback'),
    });
    const kind: Kind = { ...configMapKind, allocate };
    ({ registry } = await createTestRegistry({ kinds: [namespaceKind, kind] }));
    await create(kind, 'a');
    await statusOf(create(kind, 'a'));
    await create(kind, 'b', {}, { dryRun: true });
    assert.deepEqual(calls, ['commit', 'rollback', 'rollback']);
  });

  it('that cannot be had make the object invalid', async () => {
    const errors = [
      { type: 'FieldValueInvalid', field: 'data.ip', message: 'Invalid value: "x": is taken' },
    ] as const;
    const kind: Kind = { ...configMapKind, allocate: () => ({ ok: false, errors }) };
    const { message } = await statusOf(create(kind, 'a'));
    assert.equal(message, 'ConfigMap "a" is invalid: data.ip: Invalid value: "x": is taken');
  });
});
