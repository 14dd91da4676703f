// The largest bodies that the server reads, and those who ask for something else meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { namespaces } from '../../src/k8s/resources.ts';
import { type RawRequest, raw } from '../support/raw-https.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';

describe('large bodies', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
    await api.put(namespaces, { metadata: { name: 'default' } });
  });
  after(() => api?.close());

  const ask = (request: Omit<RawRequest, 'port'>) => raw({ port: api.port, identity: api.admin, ...request });
  const LINES = 15_000;
  const yaml = `metadata: {name: large}\ndata:\n${Array.from({ length: LINES }, (_, i) => `  k${i}: v\n`).join('')}`;

  for (const [method, path, type] of [
    ['POST', '', 'application/yaml'],
    ['PATCH', '/large?fieldManager=f&force=true', 'application/apply-patch+yaml'],
  ] as const)
    it(`${type}: others are answered while one is read`, async () => {
      const answered: string[] = [];
      const large = ask({
        method,
        path: `/api/v1/namespaces/default/configmaps${path}`,
        headers: { 'content-type': type },
        body: type.includes('apply') ? `apiVersion: v1\nkind: ConfigMap\n${yaml}` : yaml,
      }).then((answer) => {
        answered.push('large');
        return answer;
      });
      for (let round = 0; round < 3; round++) {
        await ask({ path: '/version' });
        answered.push('small');
      }
      const { code, body } = await large;
      assert.ok(code < 300, String(body).slice(0, 500));
      assert.equal(Object.keys(JSON.parse(String(body)).data).length, LINES);
      assert.deepEqual(answered, ['small', 'small', 'small', 'large']);
    });
});
