// Server-side apply and field ownership with the real kubectls: conflicts, force, shared fields, the way from client-side
// apply, subresources, diff and prune.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { namespaces, serviceAccounts } from '../../src/k8s/resources.ts';
import { type RawAnswer, raw } from '../support/raw-https.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS } from '../support/test-cluster.ts';

const deployment = (
  name: string,
  replicas: number | undefined,
  image = 'busybox',
): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, labels: { tier: web } }
spec:
  ${replicas === undefined ? '' : `replicas: ${replicas}`}
  selector: { matchLabels: { app: a } }
  template:
    metadata: { labels: { app: a } }
    spec: { containers: [{ name: c, image: ${image}, ports: [{ containerPort: 80 }] }] }
`;

const configMap = (name: string, data: object, more: object = {}): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...more }, data });

type Entry = {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly fieldsV1: object;
};

/** `manager/Operation/subresource` */
const nameOf = ({ manager, operation, subresource }: Entry): string =>
  [manager, operation, ...(subresource ? [subresource] : [])].join('/');

describe('server-side apply', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
    await api.put(namespaces, { metadata: { name: 'http' } });
  });
  after(() => api?.close());

  for (const version of KUBECTL_VERSIONS) {
    describe(`with kubectl ${version}`, () => {
      const namespace = `v${version.replace('.', '-')}`;
      const run = (args: readonly string[], input?: string) =>
        api.kubectl(version, ['-n', namespace, ...args], input === undefined ? {} : { input });
      const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
        const { code, stdout, stderr } = await run(args, input);
        assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
        return stdout;
      };
      const apply = (input: string, ...flags: readonly string[]) =>
        kubectl(['apply', '--server-side', '-f', '-', ...flags], input);
      const ownersOf = async (what: string): Promise<readonly Entry[]> => {
        const object = await kubectl(['get', what, '-o', 'json', '--show-managed-fields']);
        return JSON.parse(object).metadata.managedFields ?? [];
      };
      const namesOf = async (what: string): Promise<readonly string[]> => (await ownersOf(what)).map(nameOf);
      const valueAt = (what: string, path: string) => kubectl(['get', what, '-o', `jsonpath={${path}}`]);
      before(async () => {
        await api.put(namespaces, { metadata: { name: namespace } });
        await api.put(serviceAccounts, { metadata: { name: 'default', namespace } });
      });

      it('creates, owns what it names and nothing else, and does nothing the second time', async () => {
        const applied = 'deployment.apps/app serverside-applied\n';
        assert.equal(await apply(deployment('app', 2)), applied);
        const [entry, ...others] = await ownersOf('deploy/app');
        assert.deepEqual(others, []);
        assert.deepEqual(entry!.fieldsV1, {
          'f:metadata': { 'f:labels': { 'f:tier': {} } },
          'f:spec': {
            'f:replicas': {},
            'f:selector': {},
            'f:template': {
              'f:metadata': { 'f:labels': { 'f:app': {} } },
              'f:spec': {
                'f:containers': {
                  'k:{"name":"c"}': {
                    '.': {},
                    'f:image': {},
                    'f:name': {},
                    'f:ports': {
                      'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} },
                    },
                  },
                },
              },
            },
          },
        });
        const revision = await valueAt('deploy/app', '.metadata.resourceVersion');
        assert.equal(await apply(deployment('app', 2)), applied);
        assert.equal(await valueAt('deploy/app', '.metadata.resourceVersion'), revision);
      });

      it('conflicts with who scaled, in the words of kube-apiserver, and gives way or takes over', async () => {
        await kubectl(['scale', 'deploy/app', '--replicas=3']);
        assert.deepEqual(await namesOf('deploy/app'), ['kubectl/Apply', 'kubectl/Update/scale']);
        const { code, stderr } = await run(['apply', '--server-side', '-f', '-'], deployment('app', 2));
        assert.equal(code, 1);
        assert.match(
          stderr,
          /Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps\/v1: \.spec\.replicas\n/,
        );
        await apply(deployment('app', undefined));
        assert.equal(await valueAt('deploy/app', '.spec.replicas'), '3');
        await apply(deployment('app', 2), '--force-conflicts');
        assert.equal(await valueAt('deploy/app', '.spec.replicas'), '2');
        assert.deepEqual(await namesOf('deploy/app'), ['kubectl/Apply']);
      });

      it('removes what no manager names any more, and shares what two name', async () => {
        const [a, b] = ['--field-manager=a', '--field-manager=b'];
        await apply(configMap('shared', { x: '1', y: '1' }), a);
        await apply(configMap('shared', { y: '1', z: '1' }), b);
        await apply(configMap('shared', { x: '2' }), a);
        assert.deepEqual(JSON.parse(await valueAt('cm/shared', '.data')), { x: '2', y: '1', z: '1' });
        await apply(configMap('shared', {}), b);
        assert.deepEqual(JSON.parse(await valueAt('cm/shared', '.data')), { x: '2' });
      });

      it('takes over from client-side apply, and back', async () => {
        await kubectl(['apply', '-f', '-'], deployment('moved', 1));
        assert.deepEqual(await namesOf('deploy/moved'), ['kubectl-client-side-apply/Update']);
        await apply(deployment('moved', 2, 'nginx'));
        const managers = await namesOf('deploy/moved');
        assert.ok(managers.includes('kubectl/Apply'));
        assert.ok(!managers.includes('kubectl-client-side-apply/Update'), managers.join());
        const last = JSON.parse(
          await valueAt(
            'deploy/moved',
            '.metadata.annotations.kubectl\\.kubernetes\\.io/last-applied-configuration',
          ),
        );
        assert.equal(last.spec.replicas, 2);
        const other = deployment('moved', 4, 'nginx');
        const { stderr } = await run(['apply', '--server-side', '-f', '-', '--field-manager=x'], other);
        assert.match(stderr, /conflict with "kubectl": \.spec\.replicas/);
        await kubectl(['apply', '-f', '-'], deployment('moved', 3, 'nginx'));
        assert.equal(await valueAt('deploy/moved', '.spec.replicas'), '3');
      });

      it('diff, dry run and validation change nothing', async () => {
        const { code, stdout } = await run(['diff', '--server-side', '-f', '-'], deployment('app', 5));
        assert.equal(code, 1);
        assert.match(stdout, /-  replicas: 2\n\+  replicas: 5/);
        assert.equal((await run(['diff', '--server-side', '-f', '-'], deployment('app', 2))).code, 0);
        assert.match(
          await apply(deployment('app', 5), '--dry-run=server'),
          /serverside-applied \(server dry run\)/,
        );
        assert.match(await apply(configMap('new', {}), '--dry-run=server'), /serverside-applied/);
        assert.equal((await run(['get', 'cm', 'new'])).code, 1);
        assert.equal(await valueAt('deploy/app', '.spec.replicas'), '2');
        const wrong = deployment('app', 2).replace('replicas', 'replicaz');
        assert.match(
          (await run(['apply', '--server-side', '-f', '-'], wrong)).stderr,
          new RegExp(
            `failed to create typed patch object \\(${namespace}/app; apps/v1, Kind=Deployment\\): \\.spec\\.replicaz: field not declared in schema`,
          ),
        );
      });

      it('prune deletes what was applied and is not there any more', async () => {
        const labels = { labels: { set: 'p' } };
        const prune = ['--prune', '-l', 'set=p', '--prune-allowlist=core/v1/ConfigMap'];
        const list = (...names: readonly string[]): string =>
          JSON.stringify({
            apiVersion: 'v1',
            kind: 'List',
            items: names.map((name) => JSON.parse(configMap(name, { a: 'b' }, labels))),
          });
        await kubectl(['apply', '-f', '-', ...prune], list('keep', 'drop'));
        assert.match(await kubectl(['apply', '-f', '-', ...prune], list('keep')), /configmap\/drop pruned/);
        assert.equal(await kubectl(['get', 'cm', '-l', 'set=p', '-o', 'name']), 'configmap/keep\n');
      });

      it('writes through subresources have managers of their own', async () => {
        const status = { status: { replicas: 2, observedGeneration: 1 } };
        await kubectl([
          'patch',
          'deploy/app',
          '--subresource=status',
          '--type=merge',
          '-p',
          JSON.stringify(status),
        ]);
        const [, own] = await ownersOf('deploy/app');
        assert.equal(nameOf(own!), 'kubectl-patch/Update/status');
        assert.deepEqual(own!.fieldsV1, { 'f:status': { 'f:observedGeneration': {}, 'f:replicas': {} } });
        await kubectl(['label', 'deploy/app', 'more=1']);
        assert.deepEqual((await namesOf('deploy/app')).toSorted(), [
          'kubectl-label/Update',
          'kubectl-patch/Update/status',
          'kubectl/Apply',
        ]);
      });

      it('an empty list of owners clears them, and the next apply finds them again', async () => {
        await kubectl(['create', 'configmap', 'reset', '--from-literal=a=1']);
        const clear = JSON.stringify([{ op: 'replace', path: '/metadata/managedFields', value: [{}] }]);
        await kubectl(['patch', 'cm/reset', '--type=json', '-p', clear]);
        assert.deepEqual(await namesOf('cm/reset'), []);
        const { stderr } = await run(['apply', '--server-side', '-f', '-'], configMap('reset', { a: '2' }));
        assert.match(stderr, /conflict with "before-first-apply" using v1: \.data\.a/);
        await apply(configMap('reset', { a: '1' }));
        assert.deepEqual(await namesOf('cm/reset'), ['kubectl/Apply', 'before-first-apply/Update']);
      });
    });
  }

  describe('over HTTP', () => {
    const patch = (name: string, body: string, query: string, resource = 'configmaps'): Promise<RawAnswer> =>
      raw({
        port: api.port,
        identity: api.admin,
        path: `/api/v1/namespaces/http/${resource}/${name}${query}`,
        method: 'PATCH',
        headers: { 'content-type': 'application/apply-patch+yaml' },
        body,
      });
    const answer = ({ code, body }: RawAnswer): string => `${code} ${JSON.parse(String(body)).message}`;
    const yaml = (name: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  a: "1"\n`;

    it('reads YAML, answers 201 and then 200', async () => {
      assert.equal((await patch('yes', yaml('"yes"'), '?fieldManager=m')).code, 201);
      assert.equal((await patch('yes', yaml('"yes"'), '?fieldManager=m')).code, 200);
    });

    it('refuses what cannot be applied', async () => {
      const refusals: readonly (readonly [body: string, query: string, message: string])[] = [
        [
          yaml('r'),
          '',
          '422 PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
        ],
        [yaml('r').replace('v1', 'v2'), '?fieldManager=m', '400 invalid object type: /v2, Kind=ConfigMap'],
        [
          yaml('other'),
          '?fieldManager=m',
          '400 the name of the object (other) does not match the name on the URL (r)',
        ],
        [
          `${yaml('r')}  a: "2"\n`,
          '?fieldManager=m&fieldValidation=Strict',
          '400 error strict decoding patch: error converting YAML to JSON: yaml: unmarshal errors:\n  line 7: key "a" already set in map',
        ],
        ['[]', '?fieldManager=m', '400 error decoding patch: the configuration must be an object'],
        ['a: [', '?fieldManager=m', ''],
        [
          yaml('r').replace('metadata:', 'metadata:\n  managedFields: []'),
          '?fieldManager=m',
          '400 metadata.managedFields must be nil',
        ],
        [
          yaml('r').replace('metadata:', 'metadata:\n  uid: x'),
          '?fieldManager=m',
          '409 Operation cannot be fulfilled on configmaps "r": uid mismatch: the provided object specified uid x, and no existing object was found',
        ],
      ];
      for (const [body, query, message] of refusals) {
        const got = answer(await patch('r', body, query));
        if (message) assert.equal(got, message);
        else assert.match(got, /^400 error decoding patch: /);
      }
      const merge = { 'content-type': 'application/merge-patch+json' };
      const path = '/api/v1/namespaces/http/configmaps/yes?force=true';
      const forced = await raw({
        port: api.port,
        identity: api.admin,
        path,
        method: 'PATCH',
        headers: merge,
        body: '{}',
      });
      assert.match(answer(forced), /^422 .*force: Forbidden: may not be specified for non-apply patch$/);
    });

    it('conflicts carry a cause for each field', async () => {
      await patch('c', yaml('c'), '?fieldManager=one');
      const { code, body } = await patch('c', yaml('c').replace('"1"', '"2"'), '?fieldManager=two');
      const { reason, details, message } = JSON.parse(String(body));
      assert.deepEqual(
        [code, reason, message],
        [409, 'Conflict', 'Apply failed with 1 conflict: conflict with "one": .data.a'],
      );
      assert.deepEqual(details.causes, [
        { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.a' },
      ]);
      assert.equal(
        (await patch('c', yaml('c').replace('"1"', '"2"'), '?fieldManager=two&force=true')).code,
        200,
      );
    });
  });
});
