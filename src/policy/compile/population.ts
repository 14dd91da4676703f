// Who is there: pods and nodes with their addresses, and the sandboxes of this node.
import type { Looks, Profiles } from './profiles.ts';
import type { Exact, Holder, Profile } from './records.ts';

export type Population = {
  /** Without looks the pod or node is not there, or not known. */
  readonly put: (key: string, looks: Looks | undefined, addresses: readonly string[]) => void;
  /** The sandbox's addresses; undefined: there is none on this node. */
  readonly putLocal: (key: string, addresses: readonly string[] | undefined) => void;
  readonly exact: (address: string) => Exact | undefined;
  readonly exactsOf: (profile: Profile) => readonly Exact[];
  /** What may have changed since the last call. */
  readonly takeChanged: () => PopulationChange;
  /** Forgets profiles and addresses that nobody has any more. */
  readonly sweep: (change: PopulationChange) => void;
};

export type PopulationChange = {
  /** Profiles that others have now than had. */
  readonly profiles: ReadonlySet<Profile>;
  /** Addresses that others have now than had, or whose holder has another profile. */
  readonly exacts: ReadonlySet<Exact>;
};

export const createPopulation = (profiles: Profiles): Population => {
  const holders = new Map<string, Holder>();
  const exacts = new Map<string, Exact>();
  let changed = { profiles: new Set<Profile>(), exacts: new Set<Exact>() };

  const exactOf = (address: string): Exact => {
    const exact = exacts.get(address) ?? newExact(address);
    exacts.set(address, exact);
    return exact;
  };

  /** Takes the holder out of its profile and its addresses, or puts it in. */
  const move = (holder: Holder, verb: 'add' | 'delete'): void => {
    const { profile } = holder;
    if (profile) {
      profile.holders[verb](holder);
      if (holder.local) profile.locals += verb === 'add' ? 1 : -1;
      changed.profiles.add(profile);
    }
    for (const address of addressesOf(holder)) {
      const exact = exactOf(address);
      exact.holders[verb](holder);
      changed.exacts.add(exact);
    }
  };

  const become = (key: string, next: Partial<Holder>): void => {
    const holder = holders.get(key) ?? { key, profile: undefined, addresses: [], local: undefined };
    if (isLike(holder, next)) return;
    move(holder, 'delete');
    move(Object.assign(holder, next), 'add');
    if (holder.profile ?? holder.local) holders.set(key, holder);
    else holders.delete(key);
  };

  return {
    put: (key, looks, addresses) =>
      become(key, { profile: looks && profiles.of(looks), addresses: looks ? addresses : [] }),
    putLocal: (key, local) => become(key, { local }),
    exact: (address) => exacts.get(address),
    exactsOf: (profile) => [...profile.holders].flatMap((holder) => [...addressesOf(holder)].map(exactOf)),
    takeChanged: () => {
      const taken = changed;
      changed = { profiles: new Set(), exacts: new Set() };
      return taken;
    },
    sweep: (change) => {
      for (const profile of change.profiles) if (profile.holders.size === 0) profiles.forget(profile);
      for (const exact of change.exacts) if (exact.holders.size === 0) exacts.delete(exact.address);
    },
  };
};

/**
 * Whose address it is: of several a sandbox's of this node, which is certain of it, before a pod's, before a node's. It
 * happens while the address of a pod that is gone is already the next one's.
 */
export const holderOf = ({ address, holders }: Exact): Holder | undefined => {
  if (holders.size < 2) return holders.values().next().value;
  const rank = (holder: Holder): string => {
    if (holder.local?.includes(address)) return `0${holder.key}`;
    return `${holder.profile?.namespace === undefined ? 2 : 1}${holder.key}`;
  };
  return [...holders].reduce((best, holder) => (rank(holder) < rank(best) ? holder : best));
};

const newExact = (address: string): Exact => ({
  address,
  family: address.includes(':') ? 6 : 4,
  parsed: undefined,
  holders: new Set(),
  profile: undefined,
  set: undefined,
  isLocal: false,
});

/** Each once. */
const addressesOf = ({ addresses, local }: Holder): Iterable<string> =>
  local ? new Set([...local, ...addresses]) : addresses;

const isLike = (holder: Holder, next: Partial<Holder>): boolean =>
  (!('profile' in next) || holder.profile === next.profile) &&
  (!('addresses' in next) || isSameList(holder.addresses, next.addresses)) &&
  (!('local' in next) || isSameList(holder.local, next.local));

const isSameList = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  a === b || (a?.length === b?.length && Boolean(a?.every((text, i) => text === b![i])));
