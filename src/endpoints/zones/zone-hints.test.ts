import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { nodeOf, storedAs } from '../../../test/support/object-builders.ts';
import type { Node } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { type ZoneCapacity, zoneCapacity } from './zone-capacity.ts';
import { type ZoneHints, type ZonedEndpoint, zoneHints } from './zone-hints.ts';

/** A node in a zone with so many CPUs. */
const node = (zone: string | undefined, cpu: string, more: Partial<Node['metadata']> = {}): Stored<Node> => {
  const base = nodeOf(`node-${zone}-${cpu}`, { allocatable: { cpu } });
  const labels = { ...(zone ? { 'topology.kubernetes.io/zone': zone } : {}), ...more.labels };
  return storedAs({ ...base, metadata: { ...base.metadata, labels } });
};
const capacity = (cpus: Readonly<Record<string, number>>): ZoneCapacity =>
  zoneCapacity(Object.entries(cpus).map(([zone, cpu]) => node(zone, String(cpu))));
/** So many endpoints in each zone: a0, a1, ..., b0, ... */
const endpoints = (counts: Readonly<Record<string, number>>): readonly ZonedEndpoint[] =>
  Object.entries(counts).flatMap(([zone, count]) =>
    Array.from({ length: count }, (_, n) => ({ key: `${zone}${n}`, zone, hint: undefined })),
  );
/** How many endpoints are for each zone: `a=2 b=2`; or why none. */
const text = (hints: ZoneHints): string => {
  if (!hints.ok) return hints.reason;
  const counts = Map.groupBy(hints.zones.values(), (zone) => zone);
  return [...counts]
    .map(([zone, all]) => `${zone}=${all.length}`)
    .sort()
    .join(' ');
};
/** As the next round sees them. */
const hinted = (all: readonly ZonedEndpoint[], hints: ZoneHints): readonly ZonedEndpoint[] =>
  all.map((each) => ({ ...each, hint: hints.ok ? hints.zones.get(each.key) : undefined }));
const even = capacity({ a: 4, b: 4, c: 4 });

describe('zoneCapacity()', () => {
  const shares = (...nodes: readonly Stored<Node>[]): string => {
    const result = zoneCapacity(nodes);
    return result.ok
      ? [...result.shares].map(([zone, share]) => `${zone}=${share}`).join(' ')
      : result.reason;
  };

  it('is each zone’s part of the allocatable CPU', () => {
    assert.equal(
      shares(node('a', '1500m'), node('a', '500m'), node('b', '2'), node('c', '4')),
      'a=0.25 b=0.25 c=0.5',
    );
  });

  it('leaves out control planes and nodes that are not ready', () => {
    const control = node('c', '9', { labels: { 'node-role.kubernetes.io/control-plane': '' } });
    const silent = { ...node('d', '9'), status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } };
    assert.equal(shares(node('a', '1'), node('b', '1'), control, silent), 'a=0.5 b=0.5');
  });

  it('is unknown with a node without zone or CPU, with one zone, and without nodes', () => {
    assert.match(
      shares(node('a', '1'), node('b', '1'), node(undefined, '1')),
      /^Insufficient Node information/,
    );
    assert.match(shares(node('a', '1'), node('b', '0')), /^Insufficient Node information/);
    assert.match(shares(), /^Insufficient Node information/);
    assert.equal(shares(node('a', '1'), node('a', '2')), 'Nodes only ready in one zone');
  });
});

describe('zoneHints()', () => {
  // The cases of KEP-2433's test plan.
  for (const { counts, cpus, want } of [
    {
      counts: { a: 2 },
      cpus: { a: 1, b: 1, c: 1 },
      want: /^Insufficient number of endpoints \(2 endpoints, 3 zones\)$/,
    },
    { counts: { a: 1, b: 1, c: 1 }, cpus: { a: 1, b: 1, c: 1 }, want: /^a=1 b=1 c=1$/ },
    {
      counts: { a: 2, b: 1, c: 1 },
      cpus: { a: 1, b: 1, c: 1 },
      want: /^Unable to allocate .* \(4 endpoints, 3 zones\)$/,
    },
    { counts: { a: 2, b: 2 }, cpus: { a: 1, b: 1 }, want: /^a=2 b=2$/ },
    { counts: { a: 4 }, cpus: { a: 1, b: 1 }, want: /^a=2 b=2$/ },
    { counts: { a: 2, b: 1, c: 1 }, cpus: { a: 2, b: 1, c: 1 }, want: /^a=2 b=1 c=1$/ },
    {
      counts: { a: 100, b: 100, c: 100, d: 100 },
      cpus: { a: 11, b: 10, c: 10, d: 9 },
      want: /^a=110 b=100 c=100 d=90$/,
    },
    { counts: { a: 20, b: 16, c: 14 }, cpus: { a: 20, b: 16, c: 14 }, want: /^a=20 b=16 c=14$/ },
  ])
    it(`${JSON.stringify(counts)} endpoints, ${JSON.stringify(cpus)} CPUs: ${want.source}`, () => {
      assert.match(text(zoneHints(endpoints(counts), capacity(cpus))), want);
    });

  it('has none while an endpoint’s zone is not known', () => {
    const lost = { key: 'x', zone: undefined, hint: undefined };
    assert.match(
      text(zoneHints([...endpoints({ a: 3, b: 3, c: 3 }), lost], even)),
      /do not have a zone specified/,
    );
  });

  it('uses endpoints of a zone without nodes for those that have some', () => {
    assert.equal(text(zoneHints(endpoints({ a: 2, b: 2, z: 2 }), capacity({ a: 1, b: 1 }))), 'a=3 b=3');
  });

  it('does not begin above 20 % overload, but stays until 30 %', () => {
    const shares = capacity({ a: 5, b: 5 });
    const nine = endpoints({ a: 5, b: 4 }); // 4.5 are fair: 12.5 % more for those of b
    const begun = zoneHints(nine, shares);
    assert.equal(text(begun), 'a=5 b=4');
    const five = endpoints({ a: 3, b: 2 }); // 2.5 are fair: 25 % more
    assert.match(text(zoneHints(five, shares)), /^Unable to allocate/);
    assert.equal(
      text(zoneHints(hinted(five, zoneHints(endpoints({ a: 3, b: 3 }), shares)), shares)),
      'a=3 b=2',
    );
    const three = endpoints({ a: 2, b: 1 }); // 1.5 are fair: 50 % more
    assert.match(text(zoneHints(hinted(three, begun), shares)), /^Unable to allocate/);
  });

  it('leaves hints as they are while they suffice, and spreads anew when they do not', () => {
    const all = endpoints({ a: 6, b: 3, c: 3 });
    const first = zoneHints(all, even);
    assert.equal(text(first), 'a=4 b=4 c=4');
    const grown = [...hinted(all, first), { key: 'b9', zone: 'b', hint: undefined }];
    assert.deepEqual(zoneHints(grown, even), {
      ok: true,
      zones: new Map([...(first.ok ? first.zones : []), ['b9', 'b']]),
    });
    assert.equal(text(zoneHints(hinted(all, first), capacity({ a: 8, b: 2, c: 2 }))), 'a=8 b=2 c=2');
  });

  const zones = ['a', 'b', 'c'] as const;
  const world = fc.record({
    cpus: fc.record({
      a: fc.integer({ min: 1, max: 8 }),
      b: fc.integer({ min: 1, max: 8 }),
      c: fc.integer({ min: 0, max: 8 }),
    }),
    all: fc
      .array(
        fc.record({ zone: fc.constantFrom(...zones), hint: fc.constantFrom(undefined, ...zones, 'gone') }),
        { maxLength: 40 },
      )
      .map((some) => some.map((each, n) => ({ key: `e${n}`, ...each }))),
  });
  const sharesOf = (cpus: Readonly<Record<string, number>>): ZoneCapacity =>
    capacity(Object.fromEntries(Object.entries(cpus).filter(([, cpu]) => cpu > 0)));
  /** How much more than its fair share an endpoint carries in the worst zone. */
  const overload = (hints: ZoneHints & { readonly ok: true }, shares: ReadonlyMap<string, number>): number =>
    Math.max(
      ...[...shares].map(([zone, share]) => {
        const count = [...hints.zones.values()].filter((each) => each === zone).length;
        return (share * hints.zones.size) / count - 1;
      }),
    );

  it('keeps every zone within the overload, has all endpoints in zones with nodes, and is content with itself', () => {
    fc.assert(
      fc.property(world, ({ cpus, all }) => {
        const shares = sharesOf(cpus);
        const result = zoneHints(all, shares);
        if (!result.ok || !shares.ok) return;
        assert.equal(result.zones.size, all.length);
        assert.ok([...result.zones.values()].every((zone) => shares.shares.has(zone)));
        const isHinted = all.some(({ hint }) => hint !== undefined);
        assert.ok(overload(result, shares.shares) <= (isHinted ? 0.3 : 0.2) + 1e-9);
        assert.deepEqual(zoneHints(hinted(all, result), shares), {
          ok: true,
          zones: new Map(hinted(all, result).map(({ key, hint }) => [key, hint])),
        });
      }),
    );
  });

  it('does not depend on the order of the endpoints', () => {
    fc.assert(
      fc.property(world, ({ cpus, all }) => {
        const sorted = (hints: ZoneHints): unknown => (hints.ok ? new Map(hints.zones) : hints.reason);
        const shares = sharesOf(cpus);
        assert.deepEqual(sorted(zoneHints(all.toReversed(), shares)), sorted(zoneHints(all, shares)));
      }),
    );
  });

  it('refuses only what cannot be: where it says so, no assignment would keep within 20 %', () => {
    fc.assert(
      fc.property(world, ({ cpus, all }) => {
        const shares = sharesOf(cpus);
        const fresh = all.map((each) => ({ ...each, hint: undefined }));
        const result = zoneHints(fresh, shares);
        if (result.ok || !shares.ok || fresh.length < shares.shares.size) return;
        const least = [...shares.shares.values()].map((share) => Math.ceil((share * fresh.length) / 1.2));
        assert.ok(least.reduce((sum, each) => sum + each, 0) > fresh.length);
      }),
    );
  });
});
