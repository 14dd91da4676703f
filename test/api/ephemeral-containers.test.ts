// pods/ephemeralcontainers over HTTP, on the real kind.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Pod } from '../../src/k8s/generated/types.ts';
import { namespaces, pods, serviceAccounts } from '../../src/k8s/resources.ts';
import { raw } from '../support/raw-https.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';

describe('pods/ephemeralcontainers', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
    await api.put(namespaces, { metadata: { name: 'default' } });
    await api.put(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } });
    await api.put(pods, {
      metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image: 'x' }] },
    });
  });
  after(() => api?.close());

  const patch = async (body: unknown, subresource = '/ephemeralcontainers', type = 'strategic-merge') => {
    const answer = await raw({
      port: api.port,
      identity: api.admin,
      method: 'PATCH',
      path: `/api/v1/namespaces/default/pods/web${subresource}`,
      headers: { 'content-type': `application/${type}-patch+json` },
      body: JSON.stringify(body),
    });
    return { code: answer.code, body: JSON.parse(String(answer.body)) as Pod & { readonly message: string } };
  };
  const adding = (name: string, fields: object = {}): object => ({
    spec: { ephemeralContainers: [{ name, image: 'debug', ...fields }] },
  });

  it('adds containers, with their defaults, and nothing else', async () => {
    const { code, body } = await patch({
      metadata: { labels: { app: 'other' } },
      spec: { ephemeralContainers: [{ name: 'look', image: 'debug' }], terminationGracePeriodSeconds: 1 },
    });
    assert.equal(code, 200);
    const { metadata, spec } = body;
    assert.deepEqual([metadata?.labels, metadata?.generation], [{ app: 'web' }, 2]);
    assert.equal(spec?.terminationGracePeriodSeconds, 30);
    const [look] = spec?.ephemeralContainers ?? [];
    assert.deepEqual([look?.name, look?.imagePullPolicy], ['look', 'Always']);
    await patch(adding('again', { targetContainerName: 'main' }));
    const { spec: after } = await api.client.get(pods, { namespace: 'default', name: 'web' });
    assert.deepEqual(after?.ephemeralContainers?.map(({ name }) => name).toSorted(), ['again', 'look']);
  });

  it('refuses changes, removals, what such containers may not have, and the way through the pod', async () => {
    assert.match(
      (await patch(adding('look', { image: 'other' }))).body.message,
      /spec\.ephemeralContainers: Forbidden: existing ephemeral containers "look" may not be changed/,
    );
    const removal = [{ op: 'remove', path: '/spec/ephemeralContainers' }];
    assert.match(
      (await patch(removal, '/ephemeralcontainers', 'json')).body.message,
      /existing ephemeral containers "look" may not be removed/,
    );
    assert.match(
      (await patch(adding('probed', { livenessProbe: { exec: { command: ['x'] } } }))).body.message,
      /livenessProbe: Forbidden: cannot be set for an Ephemeral Container/,
    );
    assert.match(
      (await patch(adding('lost', { targetContainerName: 'nobody' }))).body.message,
      /targetContainerName: Not found: "nobody"/,
    );
    assert.match((await patch(adding('direct'), '')).body.message, /pod updates may not change fields/);
  });
});
