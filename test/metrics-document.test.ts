import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { metricsDocument } from '../scripts/metrics-document.ts';
import { controlPlanePage, nodePage, proxyPage } from '../src/metric-pages.ts';

describe('docs/reference/metrics.md', () => {
  it('lists what the servers show (npm run generate:docs)', () => {
    const path = join(import.meta.dirname, '../docs/reference/metrics.md');
    assert.equal(readFileSync(path, 'utf8'), metricsDocument());
  });
});

/** A gauge, whatever kube-proxy's name for it says. */
const MISNAMED = 'kubeproxy_sync_proxy_rules_no_local_endpoints_total';

describe('metric pages', () => {
  for (const [title, page] of Object.entries({ controlPlanePage, nodePage, proxyPage })) {
    it(`${title}: names are distinct and as Prometheus wants them`, () => {
      const names = page.map(({ name }) => name);
      assert.deepEqual([...new Set(names)], names);
      for (const { name, type } of page) {
        assert.match(name, /^[a-z][a-z0-9_]*$/);
        if (name !== MISNAMED) assert.equal(name.endsWith('_total'), type === 'counter', name);
      }
    });
  }
});
