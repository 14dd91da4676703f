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

  return {
    update: ({ begun, ended, names, fresh, labelsOf }) => {
      begun.forEach(index.add);
      ended.forEach(index.remove);
      const labelsFor = ({ namespace = '' }: Profile): Labels | undefined => labelsOf(namespace);
      /** Without those about ports, which depend on whether there are others. */
      const found = new Map<Profile, readonly Fact[]>();
      const factsOf = (profile: Profile): readonly Fact[] =>
        found.get(profile) ?? profile.facts.filter(({ is }) => is.kind !== 'port');

      const over = new Set(ended);
      for (const profile of over.size + names.size > 0 ? profiles.all() : [])
        if (
          profile.facts.some((fact) => over.has(fact)) ||
          profile.namedPorts.some(({ name }) => names.has(name))
        )
          found.set(
            profile,
            factsOf(profile).filter((fact) => !over.has(fact)),
          );
      for (const fact of begun)
        for (const profile of candidatesFor(fact, labelsOf))
          if (holdsOf(fact, profile, labelsFor(profile))) found.set(profile, [...factsOf(profile), fact]);
      for (const profile of fresh) found.set(profile, index.of(profile, labelsFor(profile)));

      const before = new Map<Profile, readonly Fact[]>();
      for (const [profile, facts] of found) {
        const after = [...facts, ...sides.portFacts(profile.namedPorts, facts.length > 0)];
        if (isSameSet(profile.facts, after)) continue;
        before.set(profile, profile.facts);
        profile.facts = after;
      }
      return before;
    },
  };
};

const isSameSet = (a: readonly Fact[], b: readonly Fact[]): boolean =>
  a.length === b.length && new Set([...a, ...b]).size === a.length;
