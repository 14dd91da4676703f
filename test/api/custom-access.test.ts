// Custom resources on the wire: who may define and use them, in which encodings, and what watches of metadata see.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  clusterRoleBindings,
  clusterRoles,
  customResourceDefinitions,
  namespaces,
} from '../../src/k8s/resources.ts';
import { raw } from '../support/raw-https.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS, type Outcome } from '../support/test-cluster.ts';

const definition = (kind: string, group: string) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.toLowerCase()}s.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: `${kind.toLowerCase()}s`, kind },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
});

const foo = {
  apiVersion: 'example.com/v1',
  kind: 'Foo',
  metadata: { name: 'f', namespace: 'default' },
  spec: { n: 1 },
};
const FOOS = '/apis/example.com/v1/namespaces/default/foos';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';

describe('custom resources on the wire', () => {
  let api: TestApiServer;
  const as = (user: string, args: readonly string[], input?: object): Promise<Outcome> =>
    api.kubectl(
      KUBECTL_VERSIONS.at(-1)!,
      [`--as=${user}`, ...args],
      input ? { input: JSON.stringify(input) } : {},
    );
  const ask = (path: string, headers: Record<string, string>, body?: string) =>
    raw({
      port: api.port,
      path,
      headers,
      identity: api.admin,
      ...(body === undefined ? {} : { method: 'POST', body }),
    });

  before(async () => {
    api = await startTestApiServer();
    await api.put(namespaces, { metadata: { name: 'default' } });
    for (const [kind, group] of [
      ['Foo', 'example.com'],
      ['Bar', 'example.com'],
      ['Foo', 'other.example.com'],
    ] as const)
      await api.client.create(customResourceDefinitions, definition(kind, group));
    const rules = [{ apiGroups: ['example.com'], resources: ['*'], verbs: ['get', 'create'] }];
    await api.put(clusterRoles, { metadata: { name: 'foos' }, rules });
    await api.put(clusterRoleBindings, {
      metadata: { name: 'foos' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'foos' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
    });
  });
  after(() => api?.close());

  it('who may use them may not define them', async () => {
    const { code, stderr } = await as('jane', ['create', '-f', '-'], definition('Baz', 'example.com'));
    assert.equal(code, 1);
    assert.match(
      stderr,
      /customresourcedefinitions\.apiextensions\.k8s\.io is forbidden: User "jane" cannot create resource "customresourcedefinitions" in API group "apiextensions\.k8s\.io" at the cluster scope/,
    );
  });

  it('a role for all of a group is for its custom kinds, for their verbs, and no other group', async () => {
    assert.equal((await as('jane', ['create', '-f', '-'], foo)).code, 0);
    for (const allowed of ['get foos.example.com/f', 'get bars.example.com/x --ignore-not-found'])
      assert.equal((await as('jane', allowed.split(' '))).code, 0, allowed);
    for (const [refused, resource] of [
      ['get foos.other.example.com/f', 'resource "foos" in API group "other.example.com"'],
      ['delete foos.example.com/f', 'cannot delete resource "foos" in API group "example.com"'],
      [
        'patch foos.example.com/f --subresource=status --type=merge -p {}',
        'cannot patch resource "foos/status"',
      ],
    ] as const) {
      const { code, stderr } = await as('jane', refused.split(' '));
      assert.equal(code, 1, refused);
      assert.ok(stderr.includes(resource), stderr);
    }
  });

  it('there is no protobuf of them, to read or to write', async () => {
    const read = await ask(FOOS, { accept: PROTOBUF });
    assert.equal(read.code, 406);
    const either = await ask(FOOS, { accept: `${PROTOBUF},application/json` });
    assert.deepEqual([either.code, either.headers['content-type']], [200, 'application/json']);
    const write = await ask(FOOS, { 'content-type': PROTOBUF, accept: 'application/json' }, 'k8s\0');
    assert.equal(write.code, 400);
    assert.match(String(write.body), /protobuf parse error/);
  });

  it('nothing nests too deep for those who read it later', async () => {
    const nested = (depth: number, open = '{"a":', close = '}'): string =>
      `${open.repeat(depth)}1${close.repeat(depth)}`;
    const body = (spec: string): string =>
      `{"apiVersion":"example.com/v1","kind":"Foo","metadata":{"name":"zero"},"spec":${spec}}`;
    const type = (name: string) => ({ 'content-type': `application/${name}` });
    assert.equal((await ask(FOOS, type('json'), body(nested(200)))).code, 201);
    const patch = async (name: string, text: string): Promise<number> => {
      const path = `${FOOS}/zero?fieldManager=x`;
      const options = { port: api.port, path, method: 'PATCH', headers: type(name), identity: api.admin };
      return (await raw({ ...options, body: text })).code;
    };
    assert.equal((await ask(FOOS, type('json'), body(nested(9000)))).code, 400);
    assert.equal((await ask(FOOS, type('yaml'), body(nested(9000, '{a: ')))).code, 400);
    assert.equal(await patch('apply-patch+yaml', body(nested(9000))), 400);
    assert.equal(await patch('merge-patch+json', body(nested(9000))), 400);
    const copies = [1, 2].map(() => ({ op: 'copy', from: '/spec', path: `/spec${'/a'.repeat(199)}` }));
    assert.equal(await patch('json-patch+json', JSON.stringify(copies)), 422);
    assert.equal((await ask(FOOS, {})).code, 200);
  });

  it('watches and lists may be of the metadata alone', async () => {
    const query =
      '?watch=true&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
    const { body } = await ask(`${FOOS}${query}`, { accept });
    const [first] = String(body).split('\n');
    const { type, object } = JSON.parse(first!);
    assert.deepEqual(
      [type, object.apiVersion, object.kind, object.metadata.name, object.spec],
      ['ADDED', 'meta.k8s.io/v1', 'PartialObjectMetadata', 'f', undefined],
    );
    const list = await ask(FOOS, { accept: accept.replace('Metadata;', 'MetadataList;') });
    assert.equal(JSON.parse(String(list.body)).kind, 'PartialObjectMetadataList');
  });
});
