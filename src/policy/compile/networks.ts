// Networks that rules ask for, as elements: the address space cut where they begin and end.
import { parseAddress } from '../../ip/address.ts';
import type { Address, Family } from '../../ip/address.ts';
import type { ElementStore } from './element-store.ts';
import { intervalKey, mapOf } from './elements.ts';
import type { Facts } from './facts.ts';
import { isSameNetworks, networksAt, partitionOf } from './partition.ts';
import type { Interval, Partition } from './partition.ts';
import type { Exact, Fact, FactSet } from './records.ts';

export type Networks = {
  /** Cuts anew where networks among these facts have come or gone. */
  readonly update: (begun: readonly Fact[], ended: readonly Fact[]) => Recut;
  /** The networks that have the address. */
  readonly of: (address: Place) => readonly Fact[];
};

export type Place = Pick<Exact, 'address' | 'family' | 'parsed'>;

/** Where addresses may be in other networks now. */
export type Recut = {
  readonly families: ReadonlySet<Family>;
  readonly has: (address: Place) => boolean;
};

/** An interval with its element. */
type Cut = Interval & { readonly key: string; readonly set: FactSet };

type Span = { readonly first: bigint; readonly last: bigint };

export const createNetworks = (store: ElementStore, facts: Facts): Networks => {
  const asked = new Set<Fact>();
  const cuts: Record<Family, readonly Cut[]> = { 4: [], 6: [] };

  /** Removals before additions: an interval that is cut in two begins where the first of them begins. */
  const cut = (family: Family): Span | undefined => {
    const map = mapOf('networks', family);
    const { kept, gone, come } = compare(cuts[family], partitionOf(family, asked));
    const made = come.map((interval): Cut => {
      const key = intervalKey(family, interval.first, interval.last);
      return { ...interval, key, set: facts.use(interval.networks) };
    });
    for (const { key, set } of gone) {
      store.remove(map, key);
      facts.disuse(set);
    }
    for (const { key, set } of made) store.set(map, key, set.peer);
    cuts[family] = [...kept, ...made].sort(byFirst);
    return spanOf([...gone, ...made]);
  };

  return {
    update: (begun, ended) => {
      const families = new Set<Family>();
      for (const fact of [...begun, ...ended]) {
        if (fact.is.kind !== 'networks') continue;
        for (const { cidr } of fact.is.networks) families.add(cidr.family);
        if (!asked.delete(fact)) asked.add(fact);
      }
      const spans = new Map([...families].map((family) => [family, cut(family)]));
      return {
        families,
        has: (place) => {
          const span = spans.get(place.family);
          const value = span && parsedOf(place)?.value;
          return value !== undefined && span !== undefined && span.first <= value && value <= span.last;
        },
      };
    },
    of: (place) => {
      const partition = cuts[place.family];
      const address = partition.length > 0 ? parsedOf(place) : undefined;
      return address ? networksAt(partition, address) : [];
    },
  };
};

type Comparison = { readonly kept: readonly Cut[]; readonly gone: readonly Cut[]; readonly come: Partition };

/** Walks both at once. */
const compare = (before: readonly Cut[], after: Partition): Comparison => {
  const [kept, gone, come]: [Cut[], Cut[], Interval[]] = [[], [], []];
  let at = 0;
  for (const interval of after) {
    while (at < before.length && before[at]!.first < interval.first) gone.push(before[at++]!);
    const old = before[at];
    const isKept =
      old?.first === interval.first &&
      old.last === interval.last &&
      isSameNetworks(old.networks, interval.networks);
    if (isKept) kept.push(before[at++]!);
    else come.push(interval);
  }
  return { kept, gone: [...gone, ...before.slice(at)], come };
};

const spanOf = (changed: readonly Interval[]): Span | undefined => {
  if (changed.length === 0) return undefined;
  const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
  const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);
  return {
    first: changed.map(({ first }) => first).reduce(least),
    last: changed.map(({ last }) => last).reduce(most),
  };
};

const byFirst = (a: Interval, b: Interval): number => (a.first < b.first ? -1 : 1);

const parsedOf = (place: Place): Address | undefined => {
  place.parsed ??= parseAddress(place.address);
  return place.parsed;
};
