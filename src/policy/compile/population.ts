// Who is there: pods and nodes with their addresses, and the profiles that they share.
import type { Labels } from '../../k8s/labels.ts';
import type { NamedPort } from '../model/world.ts';
import type { Exact, Holder, Profile } from './records.ts';

/** What policies can tell apart of a pod or a node. */
export type Looks = {
  readonly namespace: string | undefined;
  readonly labels: Labels;
  readonly namedPorts: readonly NamedPort[];
};

export type Population = {
  /** Without looks the pod or node is not there, or not known. */
  readonly put: (key: string, looks: Looks | undefined, addresses: readonly string[]) => void;
  /** The sandbox's addresses; undefined: there is none on this node. */
  readonly putLocal: (key: string, addresses: readonly string[] | undefined) => void;
  readonly exact: (address: string) => Exact | undefined;
  readonly exacts: () => Iterable<Exact>;
  readonly profilesOf: (namespace: string) => Iterable<Profile>;
  readonly profilesOfNodes: () => Iterable<Profile>;
  /** Those that have pods. */
  readonly namespaces: () => Iterable<string>;
  readonly profiles: () => Iterable<Profile>;
  /** What is new or may have changed since the last call. */
  readonly takeChanged: () => PopulationChange;
  /** Forgets profiles and addresses that nobody has any more. */
  readonly sweep: (change: PopulationChange) => void;
};

export type PopulationChange = {
  /** Profiles that are new, that have their first pod of this node, or lost their last, or that nobody has. */
  readonly profiles: ReadonlySet<Profile>;
  readonly fresh: ReadonlySet<Profile>;
  /** Addresses that may have another holder, or whose holder looks different. */
  readonly exacts: ReadonlySet<Exact>;
};

export const createPopulation = (): Population => {
  const holders = new Map<string, Holder>();
  const profiles = new Map<string, Profile>();
  /** Of pods by namespace, of nodes by undefined. */
  const byNamespace = new Map<string | undefined, Set<Profile>>();
  const exacts = new Map<string, Exact>();
  let changed = { profiles: new Set<Profile>(), fresh: new Set<Profile>(), exacts: new Set<Exact>() };

  const profileOf = (looks: Looks): Profile => {
    const key = profileKey(looks);
    const known = profiles.get(key);
    if (known) return known;
    const profile: Profile = {
      key,
      namespace: looks.namespace,
      labels: looks.labels,
      namedPorts: looks.namedPorts,
      holders: new Set(),
      locals: 0,
      facts: [],
      policies: new Set(),
      classes: { ingress: undefined, egress: undefined },
    };
    profiles.set(key, profile);
    const neighbours = byNamespace.get(looks.namespace);
    if (neighbours) neighbours.add(profile);
    else byNamespace.set(looks.namespace, new Set([profile]));
    changed.profiles.add(profile);
    changed.fresh.add(profile);
    return profile;
  };

  const exactOf = (address: string): Exact => {
    const known = exacts.get(address);
    if (known) return known;
    const exact: Exact = {
      address,
      family: address.includes(':') ? 6 : 4,
      parsed: undefined,
      holders: new Set(),
      profile: undefined,
      set: undefined,
      isLocal: false,
    };
    exacts.set(address, exact);
    return exact;
  };

  const leave = (holder: Holder): void => {
    const { profile } = holder;
    if (profile) {
      profile.holders.delete(holder);
      if (holder.local) profile.locals--;
      changed.profiles.add(profile);
    }
    for (const address of addressesOf(holder)) {
      const exact = exactOf(address);
      exact.holders.delete(holder);
      changed.exacts.add(exact);
    }
  };

  const enter = (holder: Holder): void => {
    const { key, profile } = holder;
    if (!profile && !holder.local) return void holders.delete(key);
    holders.set(key, holder);
    if (profile) {
      profile.holders.add(holder);
      if (holder.local) profile.locals++;
      changed.profiles.add(profile);
    }
    for (const address of addressesOf(holder)) {
      const exact = exactOf(address);
      exact.holders.add(holder);
      changed.exacts.add(exact);
    }
  };

  const become = (key: string, next: Partial<Holder>): void => {
    const holder = holders.get(key) ?? { key, profile: undefined, addresses: [], local: undefined };
    if (isLike(holder, next)) return;
    leave(holder);
    enter(Object.assign(holder, next));
  };

  return {
    put: (key, looks, addresses) =>
      become(key, { profile: looks && profileOf(looks), addresses: looks ? addresses : [] }),
    putLocal: (key, local) => become(key, { local }),
    exact: (address) => exacts.get(address),
    exacts: () => exacts.values(),
    profilesOf: (namespace) => byNamespace.get(namespace) ?? [],
    profilesOfNodes: () => byNamespace.get(undefined) ?? [],
    namespaces: () => [...byNamespace.keys()].filter((namespace) => namespace !== undefined),
    profiles: () => profiles.values(),
    takeChanged: () => {
      const taken = changed;
      changed = { profiles: new Set(), fresh: new Set(), exacts: new Set() };
      return taken;
    },
    sweep: (change) => {
      for (const profile of change.profiles) {
        if (profile.holders.size > 0) continue;
        profiles.delete(profile.key);
        const neighbours = byNamespace.get(profile.namespace);
        neighbours?.delete(profile);
        if (neighbours?.size === 0) byNamespace.delete(profile.namespace);
      }
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

/** Each once. */
export const addressesOf = ({ addresses, local }: Holder): Iterable<string> =>
  local ? new Set([...local, ...addresses]) : addresses;

const isLike = (holder: Holder, next: Partial<Holder>): boolean =>
  (!('profile' in next) || holder.profile === next.profile) &&
  (!('addresses' in next) || isSameList(holder.addresses, next.addresses)) &&
  (!('local' in next) || isSameList(holder.local, next.local));

const isSameList = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  a === b || (a?.length === b?.length && Boolean(a?.every((text, i) => text === b![i])));

/** Equal for what looks the same to every policy. */
const profileKey = ({ namespace, labels, namedPorts }: Looks): string => {
  const pairs = Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key]}`);
  const ports = namedPorts.map(({ name, protocol, port }) => `${name}:${protocol}:${port}`);
  return [namespace ?? '/', ...pairs, '/', ...ports].join('\n');
};
