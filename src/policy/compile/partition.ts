// The address space of a family, cut where any network that a rule names begins or ends.
import { bitsOf } from '../../ip/address.ts';
import type { Address, Family } from '../../ip/address.ts';
import { prefixSize } from '../../ip/prefix.ts';
import type { Prefix } from '../../ip/prefix.ts';
import type { Fact } from './records.ts';

/** Both ends belong to it. `networks` are those that have it, by id. */
export type Interval = { readonly first: bigint; readonly last: bigint; readonly networks: readonly Fact[] };

/** Disjoint, ascending; what is in no network is in no interval, neighbours are not in the same networks. */
export type Partition = readonly Interval[];

/** O(n log n) in the networks, and as many steps as networks overlap. */
export const partitionOf = (family: Family, facts: Iterable<Fact>): Partition => {
  const boundaries = new Map<bigint, Fact[]>();
  const cut = (at: bigint, fact: Fact): void => {
    const cuts = boundaries.get(at);
    if (cuts) cuts.push(fact);
    else boundaries.set(at, [fact]);
  };
  for (const fact of facts) {
    if (fact.is.kind !== 'network' || fact.is.cidr.family !== family) continue;
    for (const [first, end] of rangesOf(fact.is.cidr, fact.is.except)) {
      cut(first, fact);
      cut(end, fact);
    }
  }
  const end = 1n << BigInt(bitsOf(family));
  const ordered = [...boundaries.keys()].sort((a, b) => (a < b ? -1 : 1));
  const inside = new Set<Fact>();
  const intervals: { first: bigint; last: bigint; networks: readonly Fact[] }[] = [];
  ordered.forEach((first, i) => {
    for (const fact of boundaries.get(first)!) if (!inside.delete(fact)) inside.add(fact);
    if (inside.size === 0) return;
    const last = (ordered[i + 1] ?? end) - 1n;
    const networks = [...inside].sort((a, b) => a.id - b.id);
    const before = intervals.at(-1);
    if (before && before.last + 1n === first && isEqual(before.networks, networks)) before.last = last;
    else intervals.push({ first, last, networks });
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

const isEqual = (a: readonly Fact[], b: readonly Fact[]): boolean =>
  a.length === b.length && a.every((fact, i) => fact === b[i]);

/** What is left of the prefix, as [first, end of it) ascending; the exceptions may overlap or lie outside. */
const rangesOf = (cidr: Prefix, except: readonly Prefix[]): readonly (readonly [bigint, bigint])[] => {
  const ranges: [bigint, bigint][] = [];
  const holes = except
    .filter(({ family }) => family === cidr.family)
    .map(boundsOf)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  let [at, end] = boundsOf(cidr);
  for (const [first, after] of holes) {
    if (first >= end) break;
    if (first > at) ranges.push([at, first]);
    if (after > at) at = after;
  }
  if (at < end) ranges.push([at, end]);
  return ranges;
};

const boundsOf = (prefix: Prefix): readonly [bigint, bigint] => [
  prefix.address.value,
  prefix.address.value + prefixSize(prefix),
];
