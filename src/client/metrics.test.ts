import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPage } from '../metrics/page.ts';
import { clientMetrics, countSent } from './metrics.ts';

describe('countSent()', () => {
  it('counts answers by their code, and requests without an answer as <error>', async () => {
    await countSent('GET', 'a:1', async () => ({ status: 404 }));
    await assert.rejects(countSent('GET', 'a:1', () => Promise.reject(new Error('no route'))));
    const lines = (await createPage(clientMetrics)()).split('\n');
    assert.deepEqual(
      lines.filter((line) => /_total\{|_count\{/.test(line)),
      [
        'rest_client_requests_total{code="404",host="a:1",method="GET"} 1',
        'rest_client_requests_total{code="<error>",host="a:1",method="GET"} 1',
        'rest_client_request_duration_seconds_count{host="a:1",verb="GET"} 2',
      ],
    );
  });
});
