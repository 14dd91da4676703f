import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  EVERYTHING,
  NOTHING,
  difference,
  hasOthers,
  intersection,
  portIntervals,
  portsLine,
  protocolLine,
  union,
} from './port-line.ts';
import type { PortLine } from './port-line.ts';

const line = fc
  .array(fc.tuple(fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const), fc.nat(20), fc.nat(5)))
  .map((ranges) =>
    ranges.map(([protocol, from, more]) => portsLine(protocol, from, from + more)).reduce(union, NOTHING),
  );

/** The ports that the lines of this test can have, each as a point of the line. */
const POINTS = ['TCP', 'UDP', 'SCTP'].flatMap((_, at) =>
  Array.from({ length: 30 }, (_, port) => at * 65_536 + port),
);

const has = (set: PortLine, point: number): boolean => set.filter((at) => at <= point).length % 2 === 1;

describe('port line', () => {
  it('union, intersection and difference are those of the sets', () => {
    fc.assert(
      fc.property(line, line, (a, b) => {
        for (const point of POINTS) {
          assert.equal(has(union(a, b), point), has(a, point) || has(b, point));
          assert.equal(has(intersection(a, b), point), has(a, point) && has(b, point));
          assert.equal(has(difference(a, b), point), has(a, point) && !has(b, point));
        }
      }),
    );
  });

  it('neighbouring ports become one interval, but not across protocols', () => {
    const set = [
      portsLine('TCP', 80, 80),
      portsLine('TCP', 81, 90),
      portsLine('UDP', 0, 5),
      portsLine('TCP', 65_535, 65_535),
    ];
    assert.deepEqual(portIntervals(set.reduce(union, NOTHING)), [
      { protocol: 'TCP', from: 80, to: 90 },
      { protocol: 'TCP', from: 65_535, to: 65_535 },
      { protocol: 'UDP', from: 0, to: 5 },
    ]);
  });

  it('only what is without such ports is in no protocol', () => {
    assert.ok(hasOthers(EVERYTHING));
    const ported = (['TCP', 'UDP', 'SCTP'] as const).map(protocolLine).reduce(union, NOTHING);
    assert.ok(!hasOthers(ported));
    assert.deepEqual(portIntervals(difference(EVERYTHING, ported)), []);
    assert.ok(hasOthers(difference(EVERYTHING, ported)));
  });
});
