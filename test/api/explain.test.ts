// kubectl explain knows every kind that is served: the OpenAPI documents are complete.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { raw } from '../support/raw-https.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS } from '../support/test-cluster.ts';

type Discovery = {
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions: readonly { readonly version: string; readonly resources: readonly Resource[] }[];
  }[];
};
type Resource = {
  readonly resource: string;
  readonly responseKind: { readonly kind: string };
};

/** Side by side: each is a process of its own. */
const AT_ONCE = 4;

describe('kubectl explain', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
  });
  after(() => api?.close());

  const kinds = async (path: string) => {
    const headers = { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' };
    const { body } = await raw({ port: api.port, path, headers, identity: api.admin });
    return (JSON.parse(String(body)) as Discovery).items.flatMap(({ metadata: { name = '' }, versions }) =>
      versions.flatMap(({ version, resources }) =>
        resources.map(({ resource, responseKind: { kind } }) => ({
          resource,
          kind,
          apiVersion: name === '' ? version : `${name}/${version}`,
        })),
      ),
    );
  };

  for (const version of KUBECTL_VERSIONS) {
    it(`${version} explains every kind, with all its fields`, async () => {
      const all = [...(await kinds('/api')), ...(await kinds('/apis'))];
      assert.ok(
        all.some(({ kind }) => kind === 'Pod') && all.some(({ kind }) => kind === 'CustomResourceDefinition'),
      );
      const next = all.values();
      const explain = async (): Promise<void> => {
        for (const { resource, kind, apiVersion } of next) {
          const args = ['explain', resource, `--api-version=${apiVersion}`, '--recursive'];
          const { code, stdout, stderr } = await api.kubectl(version, args);
          assert.equal(code, 0, `${apiVersion} ${resource}: ${stderr}`);
          assert.match(stdout, new RegExp(`^(?:GROUP: +.+\n)?KIND: +${kind}\nVERSION: +`), resource);
          assert.match(stdout, /\nFIELDS:\n[^]*^ {2}metadata\t</m, resource);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, explain));
    });
  }
});
