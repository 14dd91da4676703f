// kubectl on quotas, limits, events and API services, in two versions, against the API server alone.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { namespaces, serviceAccounts } from '../../src/k8s/resources.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS, type Outcome } from '../support/test-cluster.ts';

const QUOTA = `apiVersion: v1
kind: ResourceQuota
metadata: { name: q }
spec: { hard: { pods: 1, requests.cpu: 500m, count/configmaps: 2 } }
---
apiVersion: v1
kind: LimitRange
metadata: { name: l }
spec: { limits: [{ type: Container, defaultRequest: { cpu: 100m }, max: { cpu: "1" } }] }
`;
const POD = (name: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec: { containers: [{ name: c, image: i }] }
`;
const EVENT = (name: string): string => `apiVersion: events.k8s.io/v1
kind: Event
metadata: { name: ${name} }
regarding: { apiVersion: v1, kind: Pod, name: a, namespace: NAMESPACE }
reason: Tested
note: it was tested
action: Test
type: Normal
eventTime: "2026-01-01T00:00:00.000000Z"
reportingController: example.com/test
reportingInstance: test-1
`;

describe('kubectl on quotas and events', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
  });
  after(() => api?.close());

  for (const version of KUBECTL_VERSIONS) {
    describe(version, () => {
      const namespace = `v${version.replace('.', '-')}`;
      const raw = (args: readonly string[], input?: string): Promise<Outcome> =>
        api.kubectl(version, ['-n', namespace, ...args], input === undefined ? {} : { input });
      const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
        const { code, stdout, stderr } = await raw(args, input);
        assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
        return stdout;
      };
      before(async () => {
        await api.put(namespaces, { metadata: { name: namespace } });
        await api.put(serviceAccounts, { metadata: { name: 'default', namespace } });
      });

      it('quota and limits: create, get, describe, exceeded', async () => {
        await kubectl(['apply', '-f', '-'], QUOTA);
        await kubectl(['apply', '-f', '-'], POD('a'));
        assert.match(
          await kubectl(['get', 'quota']),
          /count\/configmaps: 0\/2, pods: 1\/1, requests.cpu: 100m\/500m/,
        );
        const described = await kubectl(['describe', 'quota', 'q']);
        assert.match(described, /^pods +1 +1$/m);
        assert.match(described, /^requests.cpu +100m +500m$/m);
        assert.match(await kubectl(['describe', 'limits', 'l']), /^Container +cpu +- +1 +100m +1 /m);
        assert.match(await kubectl(['describe', 'namespace', namespace]), /Resource Quotas\n +Name: +q/);
        const { code, stderr } = await raw(['apply', '-f', '-'], POD('b'));
        assert.equal(code, 1);
        assert.match(
          stderr,
          /pods "b" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1/,
        );
        assert.equal(
          await kubectl([
            'create',
            'quota',
            'r',
            '--hard=secrets=2',
            '--scopes=BestEffort',
            '--dry-run=client',
            '-o',
            'name',
          ]),
          'resourcequota/r\n',
        );
      });

      it('events: the same under both groups', async () => {
        await kubectl(['create', '-f', '-'], EVENT('e').replace('NAMESPACE', namespace));
        for (const resource of ['events', 'events.events.k8s.io', 'ev'])
          assert.match(await kubectl(['get', resource]), /Normal +Tested +pod\/a +it was tested/);
        assert.match(await kubectl(['events', '--for=pod/a']), /Normal +Tested +Pod\/a +it was tested/);
        assert.equal(
          await kubectl(['get', 'events.v1.events.k8s.io', 'e', '-o', 'jsonpath={.note} {.regarding.name}']),
          'it was tested a',
        );
        assert.equal(
          await kubectl(['get', 'events.v1.', 'e', '-o', 'jsonpath={.message} {.involvedObject.name}']),
          'it was tested a',
        );
      });

      it('get apiservices, get all', async () => {
        assert.match(await kubectl(['get', 'apiservices', 'v1.apps']), /v1.apps +Local +True/);
        await kubectl(['wait', '--for=condition=Available', 'apiservice/v1.', '--timeout=5s']);
        assert.match(await kubectl(['get', 'all']), /^pod\/a /m);
        assert.match(await kubectl(['api-resources', '--categories=api-extensions']), /^apiservices /m);
      });

      it('create priorityclass, pdb', async () => {
        const name = `high-${namespace}`;
        await kubectl(['create', 'priorityclass', name, '--value=1000', '--preemption-policy=Never']);
        assert.match(await kubectl(['get', 'pc']), /system-node-critical +2000001000/);
        await kubectl(['create', 'pdb', 'b', '--selector=app=web', '--min-available=1']);
        assert.match(await kubectl(['get', 'pdb']), /^b +1 +N\/A +0 /m);
        assert.match(await kubectl(['describe', 'pdb', 'b']), /Min available: +1/);
      });
    });
  }
});
