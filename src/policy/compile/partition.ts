// The address space of a family, cut where any network that a rule names begins or ends.
import type { Address, Family } from '../../ip/address.ts';
import { prefixSize } from '../../ip/prefix.ts';
import type { Prefix } from '../../ip/prefix.ts';
import { rememberEach } from '../../lang/remember.ts';
import type { Fact, Network } from './records.ts';

/** Both ends belong to it. `networks` are those that have it, by id. */
export type Interval = { readonly first: bigint; readonly last: bigint; readonly networks: readonly Fact[] };

/** Disjoint, ascending; what is in no network is in no interval, neighbours are not in the same networks. */
export type Partition = readonly Interval[];

/** O(n log n) in the networks, and as many steps as networks overlap. */
export const partitionOf = (family: Family, facts: Iterable<Fact>): Partition => {
  const cuts: { readonly at: bigint; readonly fact: Fact }[] = [];
  for (const fact of facts)
    for (const [first, end] of rangesIn(fact)[family]) cuts.push({ at: first, fact }, { at: end, fact });
  cuts.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const inside = new Set<Fact>();
  const intervals: { first: bigint; last: bigint; networks: readonly Fact[] }[] = [];
  cuts.forEach(({ at, fact }, i) => {
    if (!inside.delete(fact)) inside.add(fact);
    const next = cuts[i + 1]?.at;
    if (inside.size === 0 || next === undefined || next === at) return;
    const networks = [...inside].sort((a, b) => a.id - b.id);
    const before = intervals.at(-1);
    if (before && before.last + 1n === at && isSameNetworks(before.networks, networks))
      before.last = next - 1n;
    else intervals.push({ first: at, last: next - 1n, networks });
  });
  return intervals;
};

/** The networks that have the address. */
export const networksAt = (partition: Partition, { value }: Address): readonly Fact[] => {
  let [low, high] = [0, partition.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (partition[middle]!.last < value) low = middle + 1;
    else high = middle;
  }
  const found = partition[low];
  return found && found.first <= value ? found.networks : [];
};

export const isSameNetworks = (a: readonly Fact[], b: readonly Fact[]): boolean =>
  a.length === b.length && a.every((fact, i) => fact === b[i]);

/** From the first address to the one after the last. */
type Range = readonly [first: bigint, end: bigint];

/** The ranges of a fact neither overlap nor touch. */
const rangesIn = rememberEach(({ is }: Fact): Readonly<Record<Family, readonly Range[]>> => {
  const networks = is.kind === 'networks' ? is.networks : [];
  const inFamily = (family: Family): readonly Range[] =>
    merged(networks.filter(({ cidr }) => cidr.family === family).flatMap(rangesOf));
  return { 4: inFamily(4), 6: inFamily(6) };
});

/** What is left of the network; the exceptions may overlap or lie outside. */
const rangesOf = ({ cidr, except }: Network): readonly Range[] => {
  const ranges: Range[] = [];
  const holes = merged(except.filter(({ family }) => family === cidr.family).map(boundsOf));
  let [at, end] = boundsOf(cidr);
  for (const [first, after] of holes) {
    if (first >= end) break;
    if (first > at) ranges.push([at, first]);
    if (after > at) at = after;
  }
  if (at < end) ranges.push([at, end]);
  return ranges;
};

/** The same addresses in ranges that neither overlap nor touch, ascending. */
const merged = (ranges: readonly Range[]): readonly Range[] => {
  const made: [bigint, bigint][] = [];
  for (const [first, end] of ranges.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    const before = made.at(-1);
    if (!before || before[1] < first) made.push([first, end]);
    else if (before[1] < end) before[1] = end;
  }
  return made;
};

const boundsOf = (prefix: Prefix): Range => [prefix.address.value, prefix.address.value + prefixSize(prefix)];
