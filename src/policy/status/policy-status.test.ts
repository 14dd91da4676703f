import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createFakeClient } from '../../../test/support/fake-client.ts';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { startInformer } from '../../informer/informer.ts';
import type { Condition, NetworkPolicySpec } from '../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { leases, namespaces, networkPolicies, nodes, pods } from '../../k8s/resources.ts';
import { silentLog } from '../../lang/log.ts';
import { networkPolicyRules } from '../model/network-policy.ts';
import { createHeld } from './held.ts';
import { policyStatusIndexes, startPolicyStatus } from './policy-status.ts';
import { startHeldReport } from './report.ts';

const OF_WEB: NetworkPolicySpec = { podSelector: { matchLabels: { app: 'web' } } };

const createLab = () => {
  const clock = createFakeClock();
  const client = createFakeClient();
  const common = { client, clock, log: silentLog };
  const informers = {
    pods: startInformer({ ...common, resource: pods, indexes: policyStatusIndexes.pods }),
    namespaces: startInformer({ ...common, resource: namespaces }),
    nodes: startInformer({ ...common, resource: nodes }),
    leases: startInformer({ ...common, resource: leases }),
  };
  const informer = startInformer({
    ...common,
    resource: networkPolicies,
    indexes: policyStatusIndexes.policies,
  });
  const controller = startPolicyStatus(
    { ...common, ...informers },
    { resources: [networkPolicies], informer, rulesOf: networkPolicyRules },
  );
  client.put(namespaces, { metadata: { name: 'shop' } });
  const agents = new Map<string, ReturnType<typeof startHeldReport>>();
  const held = createHeld();
  return {
    clock,
    client,
    /** A node and its agent. */
    node: (name: string, ready = 'True'): void => {
      client.put(nodes, { metadata: { name }, status: { conditions: [{ type: 'Ready', status: ready }] } });
      if (agents.has(name)) return;
      client.put(leases, { metadata: { name, namespace: 'kube-node-lease' } });
      agents.set(name, startHeldReport({ ...common, nodeName: name }));
    },
    pod: (name: string, app: string): void => {
      const metadata = { name, namespace: 'shop', labels: { app } };
      client.put(pods, { metadata, spec: { containers: [] } });
    },
    policy: (name: string, generation: number, spec: NetworkPolicySpec = OF_WEB): Stored<KubeObject> => {
      const before = client.all(networkPolicies).find(({ metadata }) => metadata.name === name);
      const metadata = { ...before?.metadata, name, namespace: 'shop', generation };
      const policy = client.put(networkPolicies, { ...before, metadata, spec });
      held.set(`shop/${name}`, policy);
      return policy;
    },
    /** The agent's kernel has all policies as they are now. */
    commit: (node: string): void => agents.get(node)!.report(networkPolicies, held.text()),
    condition: async (name: string): Promise<string> => {
      await clock.advance(2000);
      const policy = client.all(networkPolicies).find(({ metadata }) => metadata.name === name);
      const conditions: readonly Condition[] = policy?.status?.conditions ?? [];
      return conditions
        .map(
          ({ type, status, reason, message, observedGeneration }) =>
            `${type}=${status} ${observedGeneration} ${reason}: ${message}`,
        )
        .join('\n');
    },
    writes: (): number => client.calls.filter(({ verb }) => verb === 'updateStatus').length,
    close: async (): Promise<void> => {
      await controller.stop();
      for (const agent of agents.values()) await agent.stop();
      for (const each of [informer, ...Object.values(informers)]) each.stop();
    },
  };
};

describe('the condition Enforced', () => {
  let lab: ReturnType<typeof createLab>;
  beforeEach(() => {
    lab = createLab();
    lab.node('node-1');
    lab.node('node-2');
    lab.pod('web-0', 'web');
  });
  afterEach(() => lab.close());

  it('is true when the last Ready node has the policy', async () => {
    lab.policy('p', 1);
    lab.commit('node-1');
    assert.equal(await lab.condition('p'), 'Enforced=False 1 Pending: 1 of 2 nodes have it, not node-2');
    lab.commit('node-2');
    assert.equal(await lab.condition('p'), 'Enforced=True 1 InKernel: Every node has it');
  });

  it('is written once where all nodes have the policy at once', async () => {
    lab.policy('p', 1);
    await lab.clock.advance(50);
    for (const node of ['node-1', 'node-2']) lab.commit(node);
    assert.equal(await lab.condition('p'), 'Enforced=True 1 InKernel: Every node has it');
    assert.equal(lab.writes(), 1);
  });

  it('does not wait for nodes that are not Ready, also those that become so', async () => {
    lab.node('node-3', 'Unknown');
    lab.policy('p', 1);
    lab.commit('node-1');
    assert.match(await lab.condition('p'), /^Enforced=False 1 Pending: 1 of 2/);
    lab.node('node-2', 'Unknown');
    assert.equal(await lab.condition('p'), 'Enforced=True 1 InKernel: Every node has it');
  });

  it('says that no node is there', async () => {
    for (const node of ['node-1', 'node-2']) lab.node(node, 'False');
    lab.policy('p', 1);
    assert.equal(await lab.condition('p'), 'Enforced=False 1 NoNodes: No node is Ready');
  });

  it('is false again for a new generation, of this policy only, and is not for a new node', async () => {
    for (const name of ['p', 'q']) lab.policy(name, 1);
    for (const node of ['node-1', 'node-2']) lab.commit(node);
    assert.match(await lab.condition('q'), /^Enforced=True 1/);
    lab.node('node-3');
    lab.policy('p', 2);
    assert.equal(
      await lab.condition('p'),
      'Enforced=False 2 Pending: 0 of 3 nodes have it, not node-1, node-2, node-3',
    );
    assert.match(await lab.condition('q'), /^Enforced=True 1/);
    for (const node of ['node-1', 'node-2', 'node-3']) lab.commit(node);
    assert.match(await lab.condition('p'), /^Enforced=True 2/);
  });

  it('says which policy selects no pod, as pods come and go', async () => {
    lab.policy('p', 1, { podSelector: { matchLabels: { app: 'db' } } });
    for (const node of ['node-1', 'node-2']) lab.commit(node);
    const none = 'Enforced=True 1 NoPodsSelected: Every node has it; it selects no pod now';
    assert.equal(await lab.condition('p'), none);
    lab.pod('db-0', 'db');
    assert.match(await lab.condition('p'), /^Enforced=True 1 InKernel/);
    lab.client.remove(pods, 'shop/db-0');
    assert.equal(await lab.condition('p'), none);
  });

  it('names what is not understood, and leaves the conditions of others', async () => {
    const podSelector = { matchExpressions: [{ key: 'app', operator: 'Near', values: ['web'] }] };
    const policy = lab.policy('p', 1, { podSelector });
    const other = {
      type: 'Checked',
      status: 'True',
      reason: 'Ok',
      message: 'by somebody',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      observedGeneration: 1,
    };
    lab.client.put(networkPolicies, { ...policy, status: { conditions: [other] } } as KubeObject);
    for (const node of ['node-1', 'node-2']) lab.commit(node);
    const [first, second] = (await lab.condition('p')).split('\n');
    assert.equal(first, 'Checked=True 1 Ok: by somebody');
    assert.match(
      second!,
      /^Enforced=False 1 NotUnderstood: What is not understood allows nothing: spec\.podSelector/,
    );
  });

  it('a Lease that was made anew gets what the node holds', async () => {
    lab.policy('p', 1);
    lab.commit('node-1');
    await lab.clock.advance(1000);
    lab.client.put(leases, { metadata: { name: 'node-1', namespace: 'kube-node-lease' } });
    await lab.clock.advance(61_000);
    lab.commit('node-2');
    assert.equal(await lab.condition('p'), 'Enforced=True 1 InKernel: Every node has it');
  });
});
