import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock, settle } from '../../test/support/fake-clock.ts';
import { silentLog as log } from '../lang/log.ts';
import { startKeyedLoop } from './keyed-loop.ts';
import { loopMetrics } from './metrics.ts';

/** Of the loop `metered`; counts of histograms. */
const figure = (metric: string): number =>
  loopMetrics
    .flatMap((family) => family.samples().map((sample) => ({ metricName: family.name, ...sample })))
    .find(({ metricName, labels }) => metricName === `workqueue_${metric}` && labels['name'] === 'metered')
    ?.value ?? 0;

describe('loopMetrics', () => {
  it('tell what waits, what came, what failed, and what is stuck', async () => {
    const clock = createFakeClock();
    const hold = Promise.withResolvers<void>();
    const fails = new Set(['b']);
    const loop = startKeyedLoop({
      name: 'metered',
      concurrency: 1,
      isExpected: () => true,
      reconcile: async (key) => {
        if (key === 'a') await hold.promise;
        if (fails.delete(key)) throw new Error('once');
      },
      clock,
      log,
    });
    for (const key of ['a', 'b', 'b', 'c']) loop.mark(key);
    await settle();
    assert.deepEqual([figure('adds_total'), figure('depth')], [3, 2], 'b came twice but waits once');
    const longest = figure('longest_running_processor_seconds');
    assert.ok(longest > 0);
    assert.ok(figure('unfinished_work_seconds') >= longest);
    hold.resolve();
    await clock.advance(1000);
    assert.deepEqual([figure('retries_total'), figure('adds_total'), figure('depth')], [1, 4, 0]);
    assert.deepEqual([figure('work_duration_seconds_count'), figure('queue_duration_seconds_count')], [4, 4]);
    assert.equal(figure('longest_running_processor_seconds'), 0);
    await loop.stop();
  });
});
