// Whose live connections are to be judged again after a change: those from which it may have taken something.
import type { Identified } from './addresses.ts';
import type { Exact, Fact, PodClass, Profile } from './records.ts';

/** Between whom something may now be denied that was allowed: connections with any of these addresses, at either end. */
export type Touched = {
  /** Of pods of this node to which other policies apply, or the same with other rules. */
  readonly subjects: ReadonlySet<string>;
  /** Of pods and nodes that are now somebody else to the policies that apply here: other labels, other ports, gone. */
  readonly peers: ReadonlySet<string>;
};

export type TouchedCollector = {
  /** The element of the address was written. */
  readonly identified: (exact: Exact, what: Identified) => void;
  /** The profile is the same, but something else holds of it now. */
  readonly seenOtherwise: (profile: Profile, before: readonly Fact[]) => void;
  /** The class has the same policies with other rules. */
  readonly rewritten: (podClass: PodClass) => void;
  readonly touched: Touched;
};

export const createTouched = (): TouchedCollector => {
  const mayDeny = createMayDeny();
  const touched = { subjects: new Set<string>(), peers: new Set<string>() };
  return {
    identified: ({ address, profile: after }, { before, isReassigned }) => {
      if (isReassigned) touched.subjects.add(address);
      if (before !== after && mayDeny(before?.facts ?? [], after?.facts ?? [])) touched.peers.add(address);
    },
    seenOtherwise: ({ holders, facts }, before) => {
      if (!mayDeny(before, facts)) return;
      for (const { addresses, local = [] } of holders)
        for (const address of [...addresses, ...local]) touched.peers.add(address);
    },
    rewritten: ({ profiles }) => {
      for (const { holders } of profiles)
        for (const { local = [] } of holders) for (const address of local) touched.subjects.add(address);
    },
    touched,
  };
};

/** Tells whether a peer that facts hold of now can be denied something that it was not with those before. */
const createMayDeny = (): ((before: readonly Fact[], after: readonly Fact[]) => boolean) => {
  const denying = new Map<Fact, boolean>();
  /** Rules of the tier NetworkPolicy only accept. */
  const canDeny = (fact: Fact): boolean => {
    const known =
      denying.get(fact) ?? fact.askers.values().some(({ source }) => source.tier !== 'NetworkPolicy');
    denying.set(fact, known);
    return known;
  };
  return (before, after) =>
    before.some((fact) => !after.includes(fact)) ||
    after.some((fact) => !before.includes(fact) && canDeny(fact));
};
