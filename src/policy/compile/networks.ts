// Networks that rules ask for, as elements: the address space cut where they begin and end.
import { parseAddress } from '../../ip/address.ts';
import type { Family } from '../../ip/address.ts';
import type { ElementStore } from './element-store.ts';
import { intervalKey, mapOf } from './elements.ts';
import type { Facts } from './facts.ts';
import { networksAt, partitionOf } from './partition.ts';
import type { Interval, Partition } from './partition.ts';
import type { Exact, Fact, FactSet } from './records.ts';

export type Networks = {
  /** Cuts anew where networks among these facts have come or gone; the families that were cut. */
  readonly update: (begun: readonly Fact[], ended: readonly Fact[]) => ReadonlySet<Family>;
  /** The networks that have the address. */
  readonly of: (address: Pick<Exact, 'address' | 'family' | 'parsed'>) => readonly Fact[];
};

type Element = { readonly key: string; readonly last: bigint; readonly set: FactSet };

type Cut = {
  readonly partition: Partition;
  /** By the interval's first address. */
  readonly elements: ReadonlyMap<bigint, Element>;
};

const NO_CUT: Cut = { partition: [], elements: new Map() };

export const createNetworks = (store: ElementStore, facts: Facts): Networks => {
  const asked = new Set<Fact>();
  const cuts: Record<Family, Cut> = { 4: NO_CUT, 6: NO_CUT };

  const cut = (family: Family): void => {
    const map = mapOf('networks', family);
    const { elements: old } = cuts[family];
    const elementOf = ({ first, last, networks }: Interval): Element => {
      const before = old.get(first);
      const key = before?.last === last ? before.key : intervalKey(family, first, last);
      return { key, last, set: facts.use(networks) };
    };
    const partition = partitionOf(family, asked);
    const elements = new Map(partition.map((interval) => [interval.first, elementOf(interval)]));
    for (const [first, { key, set }] of old) {
      if (elements.get(first)?.key !== key) store.remove(map, key);
      facts.disuse(set);
    }
    for (const [first, { key, set }] of elements) {
      const before = old.get(first);
      if (before?.key !== key || before.set !== set) store.set(map, key, set.peer);
    }
    cuts[family] = { partition, elements };
  };

  return {
    update: (begun, ended) => {
      const families = new Set<Family>();
      for (const fact of [...begun, ...ended]) {
        if (fact.is.kind !== 'networks') continue;
        for (const { cidr } of fact.is.networks) families.add(cidr.family);
        if (!asked.delete(fact)) asked.add(fact);
      }
      families.forEach(cut);
      return families;
    },
    of: (exact) => {
      const { partition } = cuts[exact.family];
      if (partition.length === 0) return [];
      exact.parsed ??= parseAddress(exact.address);
      return exact.parsed ? networksAt(partition, exact.parsed) : [];
    },
  };
};
