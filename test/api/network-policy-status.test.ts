// The status of NetworkPolicies, an extension of podnet: kubectl in two versions, the API server, the controller, and agents
// that only say what they hold.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Informer, startInformer } from '../../src/informer/informer.ts';
import type { NetworkPolicy } from '../../src/k8s/generated/types.ts';
import type { KubeObject } from '../../src/k8s/objects.ts';
import { leases, namespaces, networkPolicies, nodes, pods } from '../../src/k8s/resources.ts';
import type { Resource } from '../../src/k8s/resources.ts';
import { systemClock as clock } from '../../src/lang/clock.ts';
import { silentLog as log } from '../../src/lang/log.ts';
import { networkPolicyRules } from '../../src/policy/model/network-policy.ts';
import { createHeld } from '../../src/policy/status/held.ts';
import { policyStatusIndexes, startPolicyStatus } from '../../src/policy/status/policy-status.ts';
import { startHeldReport } from '../../src/policy/status/report.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS } from '../support/test-cluster.ts';

const policyText = (port: number): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web }
spec:
  podSelector: {}
  ingress: [{ ports: [{ port: ${port} }] }]
status:
  conditions: [{ type: Enforced, status: "True", reason: Lie, message: from a user, lastTransitionTime: null }]
`;

type Stoppable = { readonly stop: () => unknown };

describe('the status of a NetworkPolicy', () => {
  let api: TestApiServer;
  let policies: Informer<NetworkPolicy>;
  let commit: () => void;
  const parts: Stoppable[] = [];

  before(async () => {
    api = await startTestApiServer();
    const client = api.server.clientFor({ name: 'system:policy-status', groups: ['system:masters'] });
    const informer = <T extends KubeObject>(
      resource: Resource<T>,
      indexes: Parameters<typeof startInformer<T>>[0]['indexes'] = {},
    ): Informer<T> => {
      const started = startInformer<T>({ client, resource, indexes, clock, log });
      parts.push(started);
      return started;
    };
    policies = informer(networkPolicies, policyStatusIndexes.policies);
    const informers = {
      pods: informer(pods, policyStatusIndexes.pods),
      namespaces: informer(namespaces),
      nodes: informer(nodes),
      leases: informer(leases),
    };
    parts.push(
      startPolicyStatus(
        { client, ...informers, clock, log },
        { resources: [networkPolicies], informer: policies, rulesOf: networkPolicyRules },
      ),
    );
    await startNode();
  });
  after(async () => {
    for (const part of parts.toReversed()) await part.stop();
    await api?.close();
  });

  /** A node that is Ready, with the rights of one. */
  const startNode = async (): Promise<void> => {
    const client = api.server.clientFor({ name: 'system:node:node-1', groups: ['system:nodes'] });
    const node = await client.create(nodes, { metadata: { name: 'node-1' } });
    const status = { conditions: [{ type: 'Ready', status: 'True' }] };
    await client.updateStatus<KubeObject>(nodes, { ...node, status } as KubeObject);
    await api.put(namespaces, { metadata: { name: 'kube-node-lease' } });
    await client.create(leases, { metadata: { name: 'node-1' } }, 'kube-node-lease');
    const agent = startHeldReport({ client, nodeName: 'node-1', clock, log });
    parts.push(agent);
    const held = createHeld();
    parts.push({ stop: policies.subscribe(({ key, after }) => held.set(key, after)) });
    commit = () => agent.report(networkPolicies, held.text());
  };

  for (const version of KUBECTL_VERSIONS)
    it(`kubectl ${version} waits for it, and shows it; users do not write it`, async () => {
      const namespace = `v${version.replace('.', '-')}`;
      await api.put(namespaces, { metadata: { name: namespace } });
      const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
        const options = input === undefined ? {} : { input };
        const { code, stdout, stderr } = await api.kubectl(version, ['-n', namespace, ...args], options);
        assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
        return stdout;
      };
      const wait = (seconds: number): Promise<string> =>
        kubectl(['wait', '--for=condition=Enforced', `--timeout=${seconds}s`, 'networkpolicy/web']);
      const shown = (path: string): Promise<string> =>
        kubectl(['get', 'networkpolicy', 'web', '-o', `jsonpath={${path}}`]);

      await kubectl(['apply', '-f', '-'], policyText(80));
      assert.notEqual(await shown('.status.conditions[0].reason'), 'Lie');
      await kubectl(['wait', '--for=condition=Enforced=false', '--timeout=20s', 'networkpolicy/web']);
      commit();
      await wait(20);
      assert.equal(await shown('.status.conditions[*].observedGeneration} {.metadata.generation'), '1 1');
      assert.match(await kubectl(['get', 'networkpolicy', 'web', '-o', 'yaml']), /reason: NoPodsSelected/);

      await kubectl(['apply', '-f', '-'], policyText(81));
      assert.equal(await shown('.metadata.generation'), '2');
      await assert.rejects(wait(1), /timed out/);
      commit();
      await wait(20);
      assert.equal(await shown('.status.conditions[*].observedGeneration'), '2');
      await kubectl(['annotate', 'networkpolicy', 'web', 'a=b']);
      assert.equal(await shown('.metadata.generation'), '2');
    });
});
