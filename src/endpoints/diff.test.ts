import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { storedAs } from '../../test/support/object-builders.ts';
import type { Endpoint, EndpointSlice } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { diffSlices } from './diff.ts';
import { toText } from './state.ts';
import type { SliceGroup, WantedSlices } from './state.ts';

const CAPACITY = 4;
const owner = { apiVersion: 'v1', kind: 'Service', name: 'web', uid: 'web', controller: true };

const endpoint = (n: number, ready = true): Endpoint => ({
  addresses: [`10.244.0.${n}`],
  conditions: { ready },
  targetRef: { kind: 'Pod', namespace: 'ns', name: `pod-${n}`, uid: `uid-${n}` },
});
const group = (numbers: readonly number[], port = 8080): SliceGroup => ({
  addressType: 'IPv4',
  ports: numbers.length > 0 ? [{ name: '', port, protocol: 'TCP' }] : [],
  endpoints: numbers.map((n) => endpoint(n)),
});
const wanted = (...groups: readonly SliceGroup[]): WantedSlices => ({
  namespace: 'ns',
  namePrefix: 'web-',
  owner,
  labels: { 'kubernetes.io/service-name': 'web' },
  annotations: {},
  groups,
  capacity: CAPACITY,
});

let created = 0;
/** The slices after the changes were written. */
const write = (
  want: WantedSlices,
  slices: readonly Stored<EndpointSlice>[],
): readonly Stored<EndpointSlice>[] => {
  const { create, update, remove } = diffSlices(want, slices);
  const gone = new Set([...update, ...remove].map(({ metadata }) => metadata.name));
  return [
    ...slices.filter(({ metadata }) => !gone.has(metadata.name)),
    ...update,
    ...create.map((slice) =>
      storedAs({ ...slice, metadata: { ...slice.metadata, name: `web-${created++}` } }),
    ),
  ];
};
const count = (want: WantedSlices, slices: readonly Stored<EndpointSlice>[]): string => {
  const { create, update, remove } = diffSlices(want, slices);
  return `${create.length} created, ${update.length} updated, ${remove.length} removed`;
};
const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe('diffSlices()', () => {
  it('fills new slices to the brim', () => {
    const slices = write(wanted(group(range(1, 9))), []);
    assert.deepEqual(
      slices.map(({ endpoints }) => endpoints?.length),
      [4, 4, 1],
    );
  });

  it('writes one slice when one endpoint comes, goes or changes', () => {
    const slices = write(wanted(group(range(1, 9))), []);
    assert.equal(count(wanted(group(range(1, 10))), slices), '0 created, 1 updated, 0 removed');
    assert.equal(count(wanted(group(range(2, 9))), slices), '0 created, 1 updated, 0 removed');
    const changed = {
      ...group(range(1, 9)),
      endpoints: [endpoint(1, false), ...range(2, 9).map((n) => endpoint(n))],
    };
    assert.equal(count(wanted(changed), slices), '0 created, 1 updated, 0 removed');
  });

  it('sends one slice for one change among 20,000 endpoints: kilobytes where an Endpoints object has megabytes', () => {
    const all = Array.from({ length: 20_000 }, (_, n) => endpoint(n));
    const want = (endpoints: readonly Endpoint[]): WantedSlices => ({
      ...wanted({ ...group([0]), endpoints }),
      capacity: 100,
    });
    const slices = write(want(all), []);
    assert.equal(slices.length, 200);
    const { create, update, remove } = diffSlices(
      want([...all.slice(0, -1), endpoint(19_999, false)]),
      slices,
    );
    assert.deepEqual([create.length, update.length, remove.length], [0, 1, 0]);
    assert.ok(JSON.stringify(update[0]).length < 20_000); // of about 3 MB in all
  });

  it('puts a new endpoint into the place of one that goes', () => {
    const slices = write(wanted(group(range(1, 8))), []);
    assert.equal(count(wanted(group([...range(2, 8), 9])), slices), '0 created, 1 updated, 0 removed');
  });

  it('updates a slice where it would delete one and create another', () => {
    const slices = write(wanted(group([1])), []);
    assert.equal(count(wanted(group([1], 9090)), slices), '0 created, 1 updated, 0 removed');
    assert.equal(count(wanted(group([])), slices), '0 created, 1 updated, 0 removed');
  });

  it('removes slices of a former Service of the same name, and never writes to them', () => {
    const [slice] = write(wanted(group([1])), []);
    const former = {
      ...slice!,
      metadata: { ...slice!.metadata, ownerReferences: [{ ...owner, uid: 'former' }] },
    };
    assert.equal(count(wanted(group([1])), [former]), '1 created, 0 updated, 1 removed');
  });

  it('has changed labels written', () => {
    const slices = write(wanted(group([1])), []);
    const relabelled = { ...wanted(group([1])), labels: { 'kubernetes.io/service-name': 'web', app: 'a' } };
    assert.equal(count(relabelled, slices), '0 created, 1 updated, 0 removed');
  });

  it('ends with the wanted endpoints and nothing more to do, whatever was there before', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 20 });
    const groups = fc.tuple(numbers, numbers).map(([a, b]) => {
      const both = [group(a), group(b, 9090)].filter(({ endpoints }) => endpoints.length > 0);
      return wanted(...(both.length > 0 ? both : [group([])]));
    });
    fc.assert(
      fc.property(fc.array(groups, { minLength: 1, maxLength: 6 }), (history) => {
        let slices: readonly Stored<EndpointSlice>[] = [];
        for (const want of history) {
          slices = write(want, slices);
          assert.equal(toText(slices), toText(want.groups));
          assert.equal(count(want, slices), '0 created, 0 updated, 0 removed');
          assert.ok(slices.every(({ endpoints }) => endpoints!.length <= CAPACITY));
          assert.ok(slices.length > 0);
        }
      }),
    );
  });
});
