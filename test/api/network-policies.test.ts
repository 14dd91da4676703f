// What kubectl's users hear of a NetworkPolicy that they write: what is refused, and what is taken with a warning.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { namespaces } from '../../src/k8s/resources.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS, type Outcome } from '../support/test-cluster.ts';

const policy = (spec: string): string => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: p, namespace: default }
spec: ${spec}
`;

const UNSELECTED =
  'Warning: spec.podSelector: no pod in the namespace "default" is selected by "app=web" now\n';

describe('NetworkPolicies with kubectl', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
    await api.put(namespaces, { metadata: { name: 'default' } });
  });
  after(() => api?.close());

  for (const version of KUBECTL_VERSIONS) {
    describe(version, () => {
      const apply = (spec: string, ...flags: readonly string[]): Promise<Outcome> =>
        api.kubectl(version, ['apply', ...flags, '-f', '-'], { input: policy(spec) });
      after(() => api.kubectl(version, ['delete', 'netpol', 'p', '--ignore-not-found']));

      it('one that selects nothing is taken with a warning, and in a dry run that is all', async () => {
        const spec = '{ podSelector: { matchLabels: { app: web } } }';
        for (const flags of [['--dry-run=server'], [], ['--server-side', '--force-conflicts']]) {
          const { code, stderr } = await apply(spec, ...flags);
          assert.deepEqual([code, stderr], [0, UNSELECTED]);
        }
        const { stderr } = await apply('{ podSelector: {} }');
        assert.equal(stderr, '');
      });

      it('a bad one is refused with all that is wrong with it', async () => {
        const { code, stderr } = await apply(
          '{ podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: 10.0.0.1/8 } }], ports: [{ endPort: 3 }] }] }',
        );
        assert.equal(code, 1);
        assert.match(
          stderr,
          /spec\.egress\[0\]\.ports\[0\]\.endPort: Invalid value: 3: may not be specified/,
        );
        assert.match(stderr, /spec\.egress\[0\]\.to\[0\]\.ipBlock\.cidr: Invalid value: "10\.0\.0\.1\/8"/);
      });
    });
  }
});
