import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { counter } from './counter.ts';
import { gauge, measured } from './gauge.ts';
import { exponentialBounds, histogram } from './histogram.ts';
import { createPage } from './page.ts';

describe('createPage()', () => {
  it("prints families as Prometheus' text, label values escaped", async () => {
    const requests = counter({ name: 'requests_total', help: 'Requests.', labels: ['verb', 'code'] });
    const depth = gauge({ name: 'depth', help: 'Depth.' });
    const age = measured({ name: 'age_seconds', type: 'gauge', help: 'Age.' }, () => 7);
    requests.inc(1, 'GET', '200');
    requests.with('GET', '200').inc(2);
    requests.inc(1, 'a"b\\c\n', '500');
    depth.add(3);
    depth.add(-1);
    assert.equal(
      await createPage([requests, depth, age])(),
      [
        '# HELP requests_total Requests.',
        '# TYPE requests_total counter',
        'requests_total{verb="GET",code="200"} 3',
        'requests_total{verb="a\\"b\\\\c\\n",code="500"} 1',
        '',
        '# HELP depth Depth.',
        '# TYPE depth gauge',
        'depth 2',
        '',
        '# HELP age_seconds Age.',
        '# TYPE age_seconds gauge',
        'age_seconds 7',
        '',
      ].join('\n'),
    );
  });

  it('reads the numbers anew each time, and shows a metric without labels from the start', async () => {
    const changes = counter({ name: 'changes_total', help: 'Changes.' });
    const page = createPage([changes]);
    assert.match(await page(), /^changes_total 0$/m);
    changes.inc(5);
    assert.match(await page(), /^changes_total 5$/m);
  });
});

describe('histogram()', () => {
  it('counts a value that equals a bound below it, and what is above all bounds in +Inf', async () => {
    const seconds = histogram({ name: 's', help: 'S.', labels: ['op'], bounds: [0.1, 1] });
    for (const value of [0.1, 0.5, 1]) seconds.observe(value, 'x');
    seconds.with('x').observe(2);
    assert.equal(
      await createPage([seconds])(),
      [
        '# HELP s S.',
        '# TYPE s histogram',
        's_bucket{op="x",le="0.1"} 1',
        's_bucket{op="x",le="1"} 3',
        's_bucket{op="x",le="+Inf"} 4',
        's_sum{op="x"} 3.6',
        's_count{op="x"} 4',
        '',
      ].join('\n'),
    );
  });

  it('has in each bucket all values up to its bound, whatever their order', () => {
    const bounds = exponentialBounds(0.001, 2, 15);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 40, noNaN: true })), (values) => {
        const seconds = histogram({ name: 's', help: 'S.', bounds });
        for (const value of values) seconds.observe(value);
        const buckets = seconds.samples().slice(0, bounds.length);
        assert.deepEqual(
          buckets.map(({ value }) => value),
          bounds.map((bound) => values.filter((value) => value <= bound).length),
        );
      }),
    );
  });
});
