import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { EndpointAddress, EndpointSubset } from '../k8s/generated/types.ts';
import { truncateSubsets } from './subsets.ts';

const addresses = (count: number, net: number): readonly EndpointAddress[] =>
  Array.from({ length: count }, (_, n) => ({ ip: `10.${net}.${n >> 8}.${n & 255}` }));
/** So many ready and so many unready addresses. */
const subset = (port: number, ready: number, notReady = 0): EndpointSubset => ({
  ...(ready > 0 ? { addresses: addresses(ready, port) } : {}),
  ...(notReady > 0 ? { notReadyAddresses: addresses(notReady, port + 100) } : {}),
  ports: [{ port, protocol: 'TCP' }],
});
/** `80: 3 ready 1 unready` for each subset. */
const counts = (subsets: readonly EndpointSubset[]): readonly string[] =>
  subsets.map(
    ({ addresses: ready = [], notReadyAddresses: unready = [], ports = [] }) =>
      `${ports[0]!.port}: ${ready.length} ready ${unready.length} unready`,
  );
const cut = (...subsets: readonly EndpointSubset[]): readonly string[] =>
  counts(truncateSubsets(subsets).subsets);

describe('truncateSubsets()', () => {
  it('leaves 1,000 addresses as they are', () => {
    const subsets = [subset(80, 600, 100), subset(81, 300)];
    assert.deepEqual(truncateSubsets(subsets), { subsets, isTruncated: false });
  });

  it('drops unready addresses before ready ones', () => {
    assert.deepEqual(cut(subset(80, 800, 300)), ['80: 800 ready 200 unready']);
    assert.deepEqual(cut(subset(80, 1200, 300)), ['80: 1000 ready 0 unready']);
  });

  it('cuts each subset in proportion to its size', () => {
    assert.deepEqual(cut(subset(80, 1500), subset(81, 500)), [
      '80: 750 ready 0 unready',
      '81: 250 ready 0 unready',
    ]);
    assert.deepEqual(cut(subset(80, 500, 750), subset(81, 0, 250)), [
      '80: 500 ready 375 unready',
      '81: 0 ready 125 unready',
    ]);
  });

  it('always ends with as many as fit, the first of each, and says whether it cut', () => {
    const sizes = fc.array(fc.tuple(fc.nat({ max: 30 }), fc.nat({ max: 30 })), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 60 }), (all, capacity) => {
        const subsets = all.map(([ready, unready], index) => subset(index + 1, ready, unready));
        const total = all.flat().reduce((sum, each) => sum + each, 0);
        const result = truncateSubsets(subsets, capacity);
        const left = result.subsets.flatMap((each) => [
          ...(each.addresses ?? []),
          ...(each.notReadyAddresses ?? []),
        ]);
        assert.equal(left.length, Math.min(total, capacity));
        assert.equal(result.isTruncated, total > capacity);
        for (const [index, each] of result.subsets.entries())
          assert.deepEqual(
            each.addresses ?? [],
            (subsets[index]!.addresses ?? []).slice(0, each.addresses?.length ?? 0),
          );
      }),
    );
  });
});
