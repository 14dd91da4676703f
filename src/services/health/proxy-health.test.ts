import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { storedAs } from '../../../test/support/object-builders.ts';
import { ProxyHealth } from './proxy-health.ts';

describe('ProxyHealth', () => {
  it('is ill while a change has been waiting for a minute, or its writing fails that long', async () => {
    const clock = createFakeClock();
    const health = new ProxyHealth(clock);
    const status = (path = '/livez'): number | undefined => health.answer(path, undefined)?.status;
    assert.equal(status(), 200);
    health.queued();
    await clock.advance(59_999);
    assert.equal(status(), 200);
    await clock.advance(1);
    assert.deepEqual([status(), status('/healthz')], [503, 503]);
    await assert.rejects(health.writing(() => Promise.reject(new Error('no'))));
    assert.equal(status(), 503);
    await health.writing(() => Promise.resolve());
    assert.equal(status(), 200);
    health.queued();
    await clock.advance(30_000);
    assert.equal(status(), 200);
  });

  it('has a node that is about to go drained, but not restarted', () => {
    const health = new ProxyHealth(createFakeClock());
    const going = storedAs({ metadata: { name: 'a', deletionTimestamp: '2026-11-25T00:00:00Z' } });
    assert.equal(health.answer('/healthz', going)?.status, 503);
    assert.equal(health.answer('/livez', going)?.status, 200);
    assert.equal(health.answer('/metrics', going), undefined);
  });
});
