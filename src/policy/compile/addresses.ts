// What an address is in the kernel: which facts hold of it, hence its peer id, and for a pod of this node its classes.
import { parseAddress } from '../../ip/address.ts';
import type { Family } from '../../ip/address.ts';
import { DIRECTIONS } from './classes.ts';
import type { ElementStore } from './element-store.ts';
import { PENDING, intervalKey, mapOf, markText } from './elements.ts';
import type { Facts } from './facts.ts';
import { networksAt, partitionOf } from './partition.ts';
import type { Partition } from './partition.ts';
import { holderOf } from './population.ts';
import type { Exact, Fact, FactSet, Profile } from './records.ts';

export type Addresses = {
  /**
   * Cuts the address space of the family anew; `networks` are all that rules ask for. Returns the addresses that are to
   * be identified therefore.
   */
  readonly cut: (family: Family, networks: Iterable<Fact>) => Iterable<Exact>;
  readonly networksOf: (address: Pick<Exact, 'address' | 'family' | 'parsed'>) => readonly Fact[];
  /** Writes the elements of the address. */
  readonly identify: (exact: Exact) => Identified;
};

export type Identified = {
  /** Whose address it was. */
  readonly before: Profile | undefined;
  /** Whether a pod of this node that was not pending is in another class now. */
  readonly isReassigned: boolean;
};

type Cut = {
  readonly partition: Partition;
  /** By the interval's first address. */
  readonly elements: ReadonlyMap<
    bigint,
    { readonly last: bigint; readonly key: string; readonly set: FactSet }
  >;
};

const NO_CUT: Cut = { partition: [], elements: new Map() };

export const createAddresses = (store: ElementStore, facts: Facts): Addresses => {
  const cuts: Record<Family, Cut> = { 4: NO_CUT, 6: NO_CUT };
  /** Those with a set of their own. */
  const known: Record<Family, Set<Exact>> = { 4: new Set(), 6: new Set() };

  const networksOf: Addresses['networksOf'] = (exact) => {
    const { partition } = cuts[exact.family];
    if (partition.length === 0) return [];
    exact.parsed ??= parseAddress(exact.address);
    return exact.parsed ? networksAt(partition, exact.parsed) : [];
  };

  const writePeer = (exact: Exact, profile: Profile | undefined): void => {
    const { address, family, set: before } = exact;
    const looks = profile?.facts ?? [];
    // of whom nothing else is known, the networks' own element says the same
    exact.set = looks.length > 0 ? facts.use([...looks, ...networksOf(exact)]) : undefined;
    if (before) facts.disuse(before);
    if (exact.set === before) return;
    if (exact.set) {
      known[family].add(exact);
      store.set(mapOf('peers', family), address, exact.set.peer);
    } else {
      known[family].delete(exact);
      store.remove(mapOf('peers', family), address);
    }
  };

  const writeSubject = (exact: Exact, isLocal: boolean, profile: Profile | undefined): boolean => {
    const { address, family, isLocal: wasLocal } = exact;
    exact.isLocal = isLocal;
    if (!isLocal && !wasLocal) return false;
    return DIRECTIONS.map((direction) => {
      const map = mapOf(direction, family);
      const number = profile ? profile.classes[direction]?.number : PENDING;
      const [before, after] = [
        store.elements.get(map)!.get(address),
        isLocal && number ? markText(number) : undefined,
      ];
      if (before === after) return false;
      if (after) store.set(map, address, after);
      else store.remove(map, address);
      return wasLocal && after !== undefined && before !== markText(PENDING);
    }).includes(true);
  };

  return {
    cut: (family, networks) => {
      const map = mapOf('networks', family);
      const { elements: old } = cuts[family];
      const partition = partitionOf(family, networks);
      const elements = new Map(
        partition.map(({ first, last, networks: members }) => {
          const before = old.get(first);
          const key = before?.last === last ? before.key : intervalKey(family, first, last);
          return [first, { last, key, set: facts.use(members) }];
        }),
      );
      for (const [first, { key, set }] of old) {
        if (elements.get(first)?.key !== key) store.remove(map, key);
        facts.disuse(set);
      }
      for (const { key, set } of elements.values()) store.set(map, key, set.peer);
      cuts[family] = { partition, elements };
      return known[family];
    },
    networksOf,
    identify: (exact) => {
      const { profile: before } = exact;
      const holder = holderOf(exact);
      exact.profile = holder?.profile;
      writePeer(exact, exact.profile);
      const isLocal = holder?.local?.includes(exact.address) ?? false;
      return { before, isReassigned: writeSubject(exact, isLocal, exact.profile) };
    },
  };
};
