import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFakeClient } from '../../test/support/fake-client.ts';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { startInformer } from '../informer/informer.ts';
import type { ClusterRole } from '../k8s/generated/types.ts';
import { clusterRoles } from '../k8s/resources.ts';
import { silentLog } from '../lang/log.ts';
import { roleIndexes, startRoles } from './roles.ts';

const part = (name: string, resource: string, labels: Readonly<Record<string, string>>): ClusterRole => ({
  metadata: { name, labels },
  rules: [{ verbs: ['get'], apiGroups: [''], resources: [resource] }],
});

const gathering = (name: string, label: string, labels = {}): ClusterRole => ({
  metadata: { name, labels },
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] },
});

it('a role gathers by label, through others too, each rule once, and loses what goes', async () => {
  const clock = createFakeClock();
  const client = createFakeClient();
  const common = { client, clock, log: silentLog };
  for (const role of [
    gathering('a', 'to-a'),
    gathering('b', 'to-b', { 'to-a': 'true' }),
    part('y', 'pods', { 'to-b': 'true' }),
    part('x', 'nodes', { 'to-a': 'true', 'to-b': 'true' }),
    part('z', 'secrets', {}),
  ])
    await client.create(clusterRoles, role);
  const informer = startInformer({ ...common, resource: clusterRoles, indexes: roleIndexes.clusterRoles });
  const roles = startRoles({ ...common, clusterRoles: informer });
  const gathered = async (name: string): Promise<readonly string[]> => {
    await clock.advance(1000);
    const role = client.all(clusterRoles).find(({ metadata }) => metadata.name === name);
    return (role?.rules ?? []).flatMap(({ resources }) => resources ?? []);
  };
  try {
    assert.deepEqual(await gathered('b'), ['nodes', 'pods']); // by name: x, y
    assert.deepEqual(await gathered('a'), ['nodes', 'pods']); // b's, and x's once
    await client.delete(clusterRoles, { name: 'y' });
    assert.deepEqual(await gathered('a'), ['nodes']);
    const [z] = client.all(clusterRoles).filter(({ metadata }) => metadata.name === 'z');
    await client.update(clusterRoles, { ...z!, metadata: { ...z!.metadata, labels: { 'to-a': 'true' } } });
    assert.deepEqual(await gathered('a'), ['nodes', 'secrets']);
  } finally {
    await roles.stop();
    informer.stop();
  }
});
