// Whose live connections are to be judged again after a change: those from which it may have taken something.
import type { Identified } from './addresses.ts';
import { addressesOf } from './population.ts';
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
  const touched = { subjects: new Set<string>(), peers: new Set<string>() };
  return {
    identified: ({ address, profile: after }, { before, isReassigned }) => {
      if (isReassigned) touched.subjects.add(address);
      if (before !== after && mayDeny(before?.facts ?? [], after?.facts ?? [])) touched.peers.add(address);
    },
    seenOtherwise: ({ holders, facts }, before) => {
      if (!mayDeny(before, facts)) return;
      for (const holder of holders) for (const address of addressesOf(holder)) touched.peers.add(address);
    },
    rewritten: ({ profiles }) => {
      for (const { holders } of profiles)
        for (const { local = [] } of holders) for (const address of local) touched.subjects.add(address);
    },
    touched,
  };
};

/** Whether a peer that these facts hold of now can be denied something that it was not with those before. */
const mayDeny = (before: readonly Fact[], after: readonly Fact[]): boolean => {
  if (before.some((fact) => !after.includes(fact))) return true;
  const gained = after.filter((fact) => !before.includes(fact));
  // rules of the tier NetworkPolicy only accept
  return gained.some(({ askers }) => [...askers].some(({ source }) => source.tier !== 'NetworkPolicy'));
};
