// What an exact address is in the kernel: its peer id, and for a pod of this node its classes.
import type { Family } from '../../ip/address.ts';
import { DIRECTIONS } from './classes.ts';
import type { ElementStore } from './element-store.ts';
import { PENDING, mapOf, markText } from './elements.ts';
import type { Facts } from './facts.ts';
import type { Networks } from './networks.ts';
import { holderOf } from './population.ts';
import type { Exact, Profile } from './records.ts';

export type Addresses = {
  /** Writes the elements of the address. */
  readonly identify: (exact: Exact) => Identified;
  /** The addresses of the family that have a peer id of their own. */
  readonly known: (family: Family) => Iterable<Exact>;
};

export type Identified = {
  /** Whose address it was. */
  readonly before: Profile | undefined;
  /** Whether a pod of this node that was not pending is in another class now. */
  readonly isReassigned: boolean;
};

export const createAddresses = (store: ElementStore, facts: Facts, networks: Networks): Addresses => {
  const known: Readonly<Record<Family, Set<Exact>>> = { 4: new Set(), 6: new Set() };

  const writePeer = (exact: Exact): void => {
    const { address, family, set: before, profile } = exact;
    const looks = profile?.facts ?? [];
    // of whom nothing else is known, the networks' own element says the same
    exact.set = looks.length > 0 ? facts.use([...looks, ...networks.of(exact)]) : undefined;
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

  /** Whether the address was a pod's of this node before, and is in another class now. */
  const writeSubject = (exact: Exact, isLocal: boolean): boolean => {
    const { address, family, isLocal: wasLocal, profile } = exact;
    exact.isLocal = isLocal;
    if (!isLocal && !wasLocal) return false;
    return DIRECTIONS.map((direction) => {
      const map = mapOf(direction, family);
      const number = profile ? profile.classes[direction]?.number : PENDING;
      const before = store.elements.get(map)!.get(address);
      const after = isLocal && number ? markText(number) : undefined;
      if (before === after) return false;
      if (after) store.set(map, address, after);
      else store.remove(map, address);
      return wasLocal && after !== undefined && before !== markText(PENDING);
    }).includes(true);
  };

  return {
    identify: (exact) => {
      const { profile: before } = exact;
      const holder = holderOf(exact);
      exact.profile = holder?.profile;
      writePeer(exact);
      const isLocal = holder?.local?.includes(exact.address) ?? false;
      return { before, isReassigned: writeSubject(exact, isLocal) };
    },
    known: (family) => known[family],
  };
};
