// Which of the facts that rules ask for hold of which profiles.
import type { Labels } from '../../k8s/labels.ts';
import { selectsNamespace } from '../model/rules.ts';
import { createFactIndex, holdsOf } from './fact-index.ts';
import type { Profiles } from './profiles.ts';
import type { Fact, Profile } from './records.ts';
import type { Asked, Sides } from './sides.ts';

export type Matching = {
  /** Brings the facts of the profiles up to date; those whose facts are others now, with what they were. */
  readonly update: (news: MatchingNews) => ReadonlyMap<Profile, readonly Fact[]>;
};

export type MatchingNews = Asked & {
  /** Of which everything is to be found out. */
  readonly fresh: Iterable<Profile>;
  readonly labelsOf: (namespace: string) => Labels | undefined;
};

export const createMatching = (profiles: Profiles, sides: Pick<Sides, 'portFacts'>): Matching => {
  const index = createFactIndex();

  /** Namespaces are asked before their pods. */
  const candidatesFor = ({ is }: Fact, labelsOf: MatchingNews['labelsOf']): readonly Profile[] => {
    if (is.kind === 'nodes') return [...profiles.ofNodes()];
    if (is.kind !== 'pods') return [];
    const namespaces =
      is.namespaces.kind === 'name'
        ? [is.namespaces.name]
        : [...profiles.namespaces()].filter((name) => selectsNamespace(is.namespaces, name, labelsOf(name)));
    return namespaces.flatMap((namespace) => [...profiles.inNamespace(namespace)]);
  };

  const labelsFor = ({ namespace }: Profile, labelsOf: MatchingNews['labelsOf']): Labels | undefined =>
    namespace === undefined ? undefined : labelsOf(namespace);

  return {
    update: ({ begun, ended, names, fresh, labelsOf }) => {
      begun.forEach(index.add);
      ended.forEach(index.remove);
      const before = new Map<Profile, readonly Fact[]>();
      const put = (profile: Profile, facts: readonly Fact[]): void => {
        if (!before.has(profile)) before.set(profile, profile.facts);
        profile.facts = facts;
      };
      const anew = new Set(fresh);
      for (const profile of anew)
        put(profile, [
          ...index.of(profile, labelsFor(profile, labelsOf)),
          ...sides.portFacts(profile.namedPorts),
        ]);
      for (const fact of begun)
        for (const profile of candidatesFor(fact, labelsOf))
          if (!anew.has(profile) && holdsOf(fact, profile, labelsFor(profile, labelsOf)))
            put(profile, [...profile.facts, fact]);
      const over = new Set(ended);
      if (over.size > 0)
        for (const profile of profiles.all())
          if (profile.facts.some((fact) => over.has(fact)))
            put(
              profile,
              profile.facts.filter((fact) => !over.has(fact)),
            );
      if (names.size > 0)
        for (const profile of profiles.all())
          if (!anew.has(profile) && profile.namedPorts.some(({ name }) => names.has(name)))
            put(profile, [
              ...profile.facts.filter(({ is }) => is.kind !== 'port'),
              ...sides.portFacts(profile.namedPorts),
            ]);
      for (const [profile, facts] of before) if (isSameSet(facts, profile.facts)) before.delete(profile);
      return before;
    },
  };
};

const isSameSet = (a: readonly Fact[], b: readonly Fact[]): boolean =>
  a.length === b.length && new Set([...a, ...b]).size === a.length;
