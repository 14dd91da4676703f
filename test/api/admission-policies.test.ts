// ValidatingAdmissionPolicies over HTTPS: kubectl, connections, tokens and the audit log.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { namespaces, nodes, pods, serviceAccounts } from '../../src/k8s/resources.ts';
import { createAuthority } from '../../src/pki/authority.ts';
import { type FakeKubelet, startFakeKubelet } from '../support/fake-kubelet.ts';
import { goModule, skipOf } from '../support/go-modules.ts';
import { eventually } from '../support/poll.ts';
import { raw, upgrade } from '../support/raw-https.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS } from '../support/test-cluster.ts';

const policy = (name: string, match: string, validation: string, actions = '[Deny]'): string => `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: ${name} }
spec:
  matchConstraints: { resourceRules: [{ ${match} }] }
  validations: [{ ${validation} }]
  auditAnnotations: [{ key: checked, valueExpression: "'by ' + request.userInfo.username" }]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: ${name} }
spec: { policyName: ${name}, validationActions: ${actions} }
`;

const rule = (operations: string, resources: string, group = '""'): string =>
  `apiGroups: [${group}], apiVersions: [v1], operations: [${operations}], resources: [${resources}]`;

describe('admission policies', () => {
  const folder = mkdtempSync(join(tmpdir(), 'podnet-policies-'));
  const auditLog = join(folder, 'audit.log');
  let api: TestApiServer;
  let kubelet: FakeKubelet;
  before(async () => {
    const authority = await createAuthority('test-ca');
    kubelet = await startFakeKubelet(authority);
    api = await startTestApiServer({ authority, kubeletPort: kubelet.port, auditLog });
    await api.put(namespaces, { metadata: { name: 'default' } });
    await api.put(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } });
    await api.put(nodes, { metadata: { name: 'node-1' } });
    const addresses = [{ type: 'InternalIP', address: '127.0.0.1' }];
    await api.client.updateStatus(nodes, { metadata: { name: 'node-1' }, status: { addresses } });
    const spec = { nodeName: 'node-1', containers: [{ name: 'main', image: 'x' }] };
    await api.put(pods, { metadata: { name: 'web', namespace: 'default' }, spec });
  });
  after(async () => {
    await api?.close();
    await kubelet?.close();
    rmSync(folder, { recursive: true });
  });

  const kubectl = async (version: string, args: readonly string[], input?: string): Promise<string> => {
    const { stdout, stderr } = await api.kubectl(version, args, input === undefined ? {} : { input });
    return `${stdout}${stderr}`.trimEnd();
  };
  const apply = (manifest: string): Promise<string> =>
    kubectl(KUBECTL_VERSIONS[0]!, ['apply', '-f', '-'], manifest);

  for (const version of KUBECTL_VERSIONS) {
    it(`kubectl ${version} applies, shows and is refused by them`, async () => {
      const name = `replicas-${version.replace('.', '-')}`;
      const match = rule('CREATE, UPDATE', 'deployments', 'apps');
      const validation = `expression: "object.spec.replicas <= 5", messageExpression: "'at most 5 replicas, not ' + string(object.spec.replicas)"`;
      assert.match(
        await kubectl(version, ['apply', '-f', '-'], policy(name, match, validation)),
        /created\n.*created$/,
      );
      assert.match(
        await kubectl(version, ['get', 'validatingadmissionpolicies', name]),
        new RegExp(`${name} +1 +<unset>`),
      );
      const create = (replicas: number): Promise<string> =>
        kubectl(version, [
          'create',
          'deployment',
          `${name}-${replicas}`,
          '--image=x',
          `--replicas=${replicas}`,
        ]);
      assert.match(await create(5), /created$/);
      assert.equal(
        await create(6),
        `error: failed to create deployment: deployments.apps "${name}-6" is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: at most 5 replicas, not 6`,
      );
      await kubectl(version, ['delete', 'validatingadmissionpolicy,validatingadmissionpolicybinding', name]);
    });
  }

  it('warnings reach the client, annotations the audit log', async () => {
    await apply(
      policy(
        'warned',
        rule('CREATE', 'configmaps'),
        'expression: "false", message: think twice',
        '[Warn, Audit]',
      ),
    );
    assert.match(
      await kubectl(KUBECTL_VERSIONS[0]!, ['create', 'configmap', 'warned']),
      /Warning: Validation failed for ValidatingAdmissionPolicy 'warned' with binding 'warned': think twice/,
    );
    const lines = (): readonly { readonly annotations?: Record<string, string> }[] =>
      readFileSync(auditLog, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    await eventually('the annotation', () =>
      lines().some(({ annotations }) => annotations?.['warned/checked']),
    );
    const { annotations } = lines().findLast((line) => line.annotations?.['warned/checked'])!;
    assert.equal(annotations!['warned/checked'], 'by kubernetes-admin');
    assert.match(
      annotations!['validation.policy.admission.k8s.io/validation_failure']!,
      /"message":"think twice"/,
    );
  });

  it('connections and tokens are asked about', async () => {
    await apply(
      policy(
        'exec',
        rule('CONNECT', 'pods/exec'),
        `expression: "object.container == 'other'", messageExpression: "request.requestKind.kind + ' ' + object.command[0]"`,
      ),
    );
    await apply(
      policy(
        'token',
        rule('CREATE', 'serviceaccounts/token'),
        'expression: "false", messageExpression: "request.requestKind.kind"',
      ),
    );
    const path = '/api/v1/namespaces/default';
    const refused = await upgrade({
      port: api.port,
      identity: api.admin,
      path: `${path}/pods/web/exec?command=sh&container=main&stdout=true`,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      },
    });
    assert.ok('body' in refused);
    assert.match(String(refused.body), /with binding 'exec' denied request: PodExecOptions sh/);
    const token = await raw({
      port: api.port,
      identity: api.admin,
      method: 'POST',
      path: `${path}/serviceaccounts/default/token`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }),
    });
    assert.match(String(token.body), /with binding 'token' denied request: TokenRequest/);
  });

  const gateway = goModule('sigs.k8s.io/gateway-api@v1.6.3');
  it(
    'the Gateway API’s own policy installs, and keeps older definitions out',
    { skip: skipOf(gateway) },
    async () => {
      const file = join(
        gateway.folder!,
        'config/crd/standard/gateway.networking.k8s.io_vap_safeupgrades.yaml',
      );
      assert.match(
        await kubectl(KUBECTL_VERSIONS[0]!, ['apply', '--server-side', '-f', file]),
        /serverside-applied\n.*serverside-applied$/,
      );
      const definition = (version: string): string => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: things.gateway.networking.k8s.io
  annotations: { gateway.networking.k8s.io/bundle-version: ${version}, gateway.networking.k8s.io/channel: standard, api-approved.kubernetes.io: https://example.com }
spec:
  group: gateway.networking.k8s.io
  names: { kind: Thing, plural: things }
  scope: Namespaced
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
`;
      assert.match(
        await apply(definition('v1.2.0')),
        /denied request: Installing CRDs with version before v1\.5\.0 is prohibited/,
      );
      assert.match(await apply(definition('v1.6.3')), /created$/);
      assert.match(
        await apply(definition('v1.6.3').replace('channel: standard', 'channel: experimental')),
        /Installing experimental CRDs on top of standard channel CRDs is prohibited/,
      );
    },
  );
});
