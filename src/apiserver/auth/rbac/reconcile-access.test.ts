import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLog } from '../../../lang/log.ts';
import { aggregatedRules } from '../../../k8s/aggregate-rules.ts';
import type { ClusterRole } from '../../../k8s/generated/types.ts';
import { RANGES } from '../../../../test/support/admission.ts';
import { createFakeClock } from '../../../../test/support/fake-clock.ts';
import { createRegistry } from '../../create-registry.ts';
import { createInProcessClient } from '../../in-process-client.ts';
import { createKinds } from '../../kinds/kinds.ts';
import { clusterRoleBindings, clusterRoles, namespaces, roleBindings } from '../../../k8s/resources.ts';
import { defaultClusterRoles } from './default-access.ts';
import { on } from './policy-rules.ts';
import { reconcileDefaultAccess } from './reconcile-access.ts';
import { ruleText } from './rule.ts';

describe('the roles of a cluster', () => {
  const registry = createRegistry({
    kinds: createKinds(RANGES),
    clock: createFakeClock(),
    log: silentLog,
  });
  const client = createInProcessClient(registry, { name: 'admin', groups: ['system:masters'] });
  const role = (name: string) => client.get(clusterRoles, { name });

  it('are made, and a second time nothing is written', async () => {
    await client.create(namespaces, { metadata: { name: 'kube-system' } });
    await reconcileDefaultAccess(registry);
    assert.ok(await client.get(roleBindings, { namespace: 'kube-system', name: 'podnet:node-agent' }));
    const revision = registry.revision();
    await reconcileDefaultAccess(registry);
    assert.equal(registry.revision(), revision);
  });

  it('get back what they lost, and keep what others added', async () => {
    const discovery = await role('system:discovery');
    const own = on('get', '', 'pods');
    await client.update(clusterRoles, { ...discovery, rules: [own] });
    const view = await role('view');
    await client.update(clusterRoles, {
      ...view,
      metadata: {
        ...view.metadata,
        annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' },
      },
      rules: [own],
    });
    const binding = await client.get(clusterRoleBindings, { name: 'system:basic-user' });
    const group = { kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'guests' };
    await client.update(clusterRoleBindings, { ...binding, subjects: [group] });
    await client.delete(clusterRoles, { name: 'system:monitoring' });

    await reconcileDefaultAccess(registry);
    const [first, ...missing] = (await role('system:discovery')).rules!;
    assert.equal(ruleText(first!), ruleText(own));
    assert.deepEqual(
      missing.flatMap(({ nonResourceURLs }) => nonResourceURLs),
      discovery.rules![0]!.nonResourceURLs,
    );
    assert.deepEqual((await role('view')).rules, [own]);
    assert.ok(await role('system:monitoring'));
    const { subjects } = await client.get(clusterRoleBindings, { name: 'system:basic-user' });
    assert.deepEqual(
      subjects!.map(({ name }) => name),
      ['guests', 'system:authenticated'],
    );
  });

  it('admin, edit and view begin with what their controller would gather', () => {
    const all = defaultClusterRoles();
    const isGathering = ({ aggregationRule }: ClusterRole): boolean => aggregationRule !== undefined;
    assert.equal(all.filter(isGathering).length, 3);
    for (const each of all.filter(isGathering)) assert.deepEqual(each.rules, aggregatedRules(each, all));
  });
});
