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
  /** Cuts the address space of the family anew; `networks` are all that rules ask for. */
  readonly cut: (family: Family, networks: Iterable<Fact>) => void;
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

export const createAddresses = (store: ElementStore, facts: Facts): Addresses => {
  const cuts: Record<Family, { partition: Partition; sets: readonly FactSet[] }> = {
    4: { partition: [], sets: [] },
    6: { partition: [], sets: [] },
  };

  const networksOf: Addresses['networksOf'] = (exact) => {
    const { partition } = cuts[exact.family];
    if (partition.length === 0) return [];
    exact.parsed ??= parseAddress(exact.address);
    return exact.parsed ? networksAt(partition, exact.parsed) : [];
  };

  const writePeer = (exact: Exact, profile: Profile | undefined): void => {
    const { address, family, set: before } = exact;
    const known = profile?.facts ?? [];
    // of whom nothing else is known, the networks' own element says the same
    exact.set = known.length > 0 ? facts.use([...known, ...networksOf(exact)]) : undefined;
    if (before) facts.disuse(before);
    if (exact.set === before) return;
    if (exact.set) store.set(mapOf('peers', family), address, exact.set.peer);
    else store.remove(mapOf('peers', family), address);
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
      const { partition: old, sets: oldSets } = cuts[family];
      const partition = partitionOf(family, networks);
      const sets = partition.map((interval) => facts.use(interval.networks));
      for (const { first, last } of old) store.remove(map, intervalKey(family, first, last));
      oldSets.forEach(facts.disuse);
      partition.forEach(({ first, last }, i) =>
        store.set(map, intervalKey(family, first, last), sets[i]!.peer),
      );
      cuts[family] = { partition, sets };
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
