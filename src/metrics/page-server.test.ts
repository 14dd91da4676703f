import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { silentLog } from '../lang/log.ts';
import { startPageServer } from './page-server.ts';

describe('startPageServer()', () => {
  const server = startPageServer({
    host: '127.0.0.1',
    port: 0,
    pages: { '/metrics': async () => 'a 1\n', '/broken': () => Promise.reject(new Error('no')) },
    log: silentLog,
  });
  let origin: string;
  before(async () => {
    origin = `http://127.0.0.1:${(await server.whenListening()).port}`;
  });
  after(() => server.stop());

  it("serves its pages, /metrics in Prometheus' type, and nothing else", async () => {
    const answer = await fetch(`${origin}/metrics?x=1`);
    assert.equal(await answer.text(), 'a 1\n');
    assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    const codeOf = async (path: string, method = 'GET'): Promise<number> =>
      (await fetch(`${origin}${path}`, { method })).status;
    assert.deepEqual(
      [
        await codeOf('/'),
        await codeOf('/constructor'),
        await codeOf('/metrics', 'POST'),
        await codeOf('/broken'),
      ],
      [404, 404, 405, 500],
    );
  });
});
