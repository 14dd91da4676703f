import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTestRegistry, testContext, testKinds } from '../../../test/support/test-registry.ts';
import { configMaps, pods } from '../../k8s/resources.ts';
import type { Foretell, ForetoldWrite } from './foretell.ts';

const kind = testKinds.find(({ resource }) => resource.resource === configMaps.resource)!;
const ref = { namespace: 'default', name: 'a' };
const objectOf = (value: string) => ({ metadata: { name: 'a' }, data: { key: value } });

/** What each write foretells, and the warnings of all. */
const foretold = async (
  dryRun: boolean,
): Promise<{ readonly writes: ForetoldWrite[]; readonly warnings: string[] }> => {
  const writes: ForetoldWrite[] = [];
  const warnings: string[] = [];
  const foretell: Foretell = (write, { list, mayList }) => {
    writes.push(write);
    return [
      `${write.after ? 'comes' : 'goes'}, beside ${list(configMaps).length}, pods seen: ${mayList(pods)}`,
    ];
  };
  const { registry } = await createTestRegistry({ foretell });
  writes.length = 0; // the namespace
  const context = testContext({ dryRun, warn: (text) => void warnings.push(text) });
  await registry.create(kind, 'default', objectOf('0'), context);
  if (dryRun) await registry.create(kind, 'default', objectOf('0'), testContext());
  await registry.update(kind, ref, objectOf('1'), context);
  await registry.update(kind, ref, objectOf(dryRun ? '0' : '1'), context); // changes nothing
  await registry.delete(kind, ref, {}, context);
  return { writes, warnings };
};

describe('foretell()', () => {
  it('is asked about dry runs that would change something, and its answers are warnings', async () => {
    const { writes, warnings } = await foretold(true);
    const told = writes.map(({ resource, before, after, fieldManager }) => [
      resource.kind,
      before !== undefined,
      after !== undefined,
      fieldManager,
    ]);
    assert.deepEqual(told, [
      ['ConfigMap', false, true, 'test'],
      ['ConfigMap', true, true, 'test'],
      ['ConfigMap', true, false, 'test'],
    ]);
    assert.deepEqual(warnings, [
      'comes, beside 0, pods seen: false',
      'comes, beside 1, pods seen: false',
      'goes, beside 1, pods seen: false',
    ]);
  });

  it('is not asked about other writes', async () => {
    assert.deepEqual(await foretold(false), { writes: [], warnings: [] });
  });
});
