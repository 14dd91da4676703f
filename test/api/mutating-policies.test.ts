// MutatingAdmissionPolicies together with webhooks and with kubectl.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ConfigMap } from '../../src/k8s/generated/types.ts';
import type { KubeObject } from '../../src/k8s/objects.ts';
import { configMaps, mutatingWebhookConfigurations, namespaces } from '../../src/k8s/resources.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS } from '../support/test-cluster.ts';
import { type WebhookServer, patchOf, startWebhookServer } from '../support/webhook-server.ts';

/** Notes in a label which labels there were, each time that it is asked. */
const policy = (again: string): string => `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: { name: ${again.toLowerCase()} }
spec:
  matchConstraints:
    resourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps] }]
  matchConditions: [{ name: named, expression: "object.metadata.name.startsWith('${again.toLowerCase()}')" }]
  reinvocationPolicy: ${again}
  mutations:
    - patchType: ApplyConfiguration
      applyConfiguration:
        expression: >
          Object{
            metadata: Object.metadata{
              labels: {"seen": string(object.metadata.?labels.hasValue() ? object.metadata.labels.size() : 0)}
            }
          }
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: { name: ${again.toLowerCase()} }
spec: { policyName: ${again.toLowerCase()} }
`;

describe('mutating policies', () => {
  let api: TestApiServer;
  let hooks: WebhookServer;
  before(async () => {
    [api, hooks] = await Promise.all([startTestApiServer(), startWebhookServer()]);
    await api.put(namespaces, { metadata: { name: 'default' } });
    for (const [index, again] of ['Never', 'IfNeeded'].entries()) {
      const { code, stderr } = await api.kubectl(KUBECTL_VERSIONS[index]!, ['apply', '-f', '-'], {
        input: policy(again),
      });
      assert.equal(code, 0, stderr);
    }
  });
  after(async () => {
    await api?.close();
    hooks?.close();
  });
  const create = (name: string): Promise<ConfigMap> =>
    api.client.create(configMaps, { metadata: { name, namespace: 'default' } });

  it('come before webhooks, and again after them if they want to', async () => {
    const seen: unknown[] = [];
    hooks.handlers.set('/hook', ({ object }) => {
      const { labels } = object!['metadata'] as { readonly labels?: object };
      seen.push(labels);
      return patchOf([{ op: 'add', path: '/metadata/labels/hooked', value: 'yes' }]);
    });
    const webhook = {
      ...{ name: 'hook.example.com', clientConfig: hooks.clientConfig('/hook'), sideEffects: 'None' },
      rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
      admissionReviewVersions: ['v1'],
    };
    await api.client.create(mutatingWebhookConfigurations, {
      metadata: { name: 'test' },
      webhooks: [webhook],
    } as KubeObject);
    assert.deepEqual((await create('never-1')).metadata?.labels, { seen: '0', hooked: 'yes' });
    assert.deepEqual((await create('ifneeded-1')).metadata?.labels, { seen: '2', hooked: 'yes' });
    assert.deepEqual(seen, [{ seen: '0' }, { seen: '0' }]);
    await api.client.delete(mutatingWebhookConfigurations, { name: 'test' });
  });

  for (const version of KUBECTL_VERSIONS)
    it(`kubectl ${version} lists them and sees what they do in a dry run`, async () => {
      const run = async (...args: string[]): Promise<string> => (await api.kubectl(version, args)).stdout;
      assert.match(
        await run('get', 'mutatingadmissionpolicies,mutatingadmissionpolicybindings'),
        /^NAME +MUTATIONS +PARAMKIND +AGE\n[^]*\/never +1 +<unset> [^]*NAME +POLICYNAME +PARAMREF +AGE\n/,
      );
      const text = await run(
        'create',
        'configmap',
        'never-dry',
        '--dry-run=server',
        '-o',
        'jsonpath={.metadata.labels}',
      );
      assert.equal(text, '{"seen":"0"}');
    });
});
