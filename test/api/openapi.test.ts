// The OpenAPI documents of all that is served, definitions' kinds included.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { customResourceDefinitions } from '../../src/k8s/resources.ts';
import { type RawAnswer, raw } from '../support/raw-https.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';

const foos = (group: string) => ({
  metadata: { name: `foos.${group}` },
  spec: {
    group,
    scope: 'Cluster',
    names: { plural: 'foos', kind: 'Foo' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n' } },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  n: { type: 'integer', nullable: true },
                  either: { 'x-kubernetes-int-or-string': true },
                  template: {
                    type: 'object',
                    'x-kubernetes-embedded-resource': true,
                    'x-kubernetes-preserve-unknown-fields': true,
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
});

type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Record<string, unknown>>>>>;
  readonly definitions: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas: Readonly<Record<string, Record<string, unknown>>> };
};

/** The references in a document's text that lead nowhere. */
const dangling = (text: string, prefix: string, names: object): readonly string[] =>
  [...text.matchAll(/"\$ref":"([^"]+)"/g)]
    .map(([, reference]) => reference!)
    .filter((reference) => !Object.hasOwn(names, reference.replace(prefix, '')));

describe('OpenAPI', () => {
  let api: TestApiServer;
  const ask = (path: string, headers = {}): Promise<RawAnswer> =>
    raw({ port: api.port, path, headers, identity: api.admin });
  const textOf = async (path: string): Promise<string> => String((await ask(path)).body);
  const index = async (): Promise<Record<string, { readonly serverRelativeURL: string }>> =>
    JSON.parse(await textOf('/openapi/v3')).paths;

  before(async () => {
    api = await startTestApiServer();
    await api.client.create(customResourceDefinitions, foos('example.com') as never);
  });
  after(() => api?.close());

  it('version 3 has a document for each group version, in which every reference leads somewhere', async () => {
    for (const { serverRelativeURL } of Object.values(await index())) {
      const text = await textOf(serverRelativeURL);
      const { components } = JSON.parse(text) as Document;
      assert.deepEqual(dangling(text, '#/components/schemas/', components.schemas), [], serverRelativeURL);
    }
  });

  it('a definition brings paths and schemas, and changes no document but that of its group', async () => {
    const known = await index();
    await api.client.create(customResourceDefinitions, foos('other.example.com') as never);
    const now = await index();
    const changed = Object.keys(now).filter(
      (path) => now[path]?.serverRelativeURL !== known[path]?.serverRelativeURL,
    );
    assert.deepEqual(changed, ['apis/other.example.com/v1']);
    const { paths, components } = JSON.parse(await textOf('/openapi/v3/apis/example.com/v1')) as Document;
    assert.deepEqual(Object.keys(paths), [
      '/apis/example.com/v1/foos',
      '/apis/example.com/v1/foos/{name}',
      '/apis/example.com/v1/foos/{name}/scale',
    ]);
    const { properties, 'x-kubernetes-group-version-kind': kinds } =
      components.schemas['com.example.v1.Foo']!;
    assert.deepEqual(kinds, [{ group: 'example.com', kind: 'Foo', version: 'v1' }]);
    const { spec } = properties as { readonly spec: { readonly properties: Record<string, object> } };
    assert.deepEqual(spec.properties['either'], {
      'x-kubernetes-int-or-string': true,
      anyOf: [{ type: 'integer' }, { type: 'string' }],
    });
    assert.deepEqual(Object.keys((spec.properties['template'] as { properties: object }).properties), [
      'apiVersion',
      'kind',
      'metadata',
    ]);
  });

  it('version 2 is one document of the same, without what version 2 cannot say', async () => {
    const { body, headers } = await ask('/openapi/v2');
    const { paths, definitions } = JSON.parse(String(body)) as Document;
    assert.deepEqual(dangling(String(body), '#/definitions/', definitions), []);
    const put = paths['/apis/example.com/v1/foos/{name}']!['put'] as {
      readonly parameters: readonly object[];
    };
    assert.deepEqual(put.parameters.at(-1), {
      name: 'body',
      in: 'body',
      required: true,
      schema: { $ref: '#/definitions/com.example.v1.Foo' },
    });
    const { properties } = definitions['com.example.v1.Foo'] as {
      properties: { spec: { properties: object } };
    };
    assert.deepEqual(properties.spec.properties, {
      n: {},
      either: { 'x-kubernetes-int-or-string': true },
      template: { type: 'object' },
    });
    const again = await ask('/openapi/v2', { 'if-none-match': headers.etag });
    assert.deepEqual([again.code, again.body.length], [304, 0]);
  });
});
