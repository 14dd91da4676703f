// Which facts hold of a profile, and which profiles a fact holds of, without trying all of either.
import type { Labels } from '../../k8s/labels.ts';
import { selectsPod } from '../model/rules.ts';
import { selects } from '../model/selector.ts';
import type { Selector } from '../model/selector.ts';
import type { Fact, Profile } from './records.ts';

export type FactIndex = {
  readonly add: (fact: Fact) => void;
  readonly remove: (fact: Fact) => void;
  /** Those that hold of the profile, whose namespace has these labels. */
  readonly of: (profile: Profile, namespaceLabels: Labels | undefined) => readonly Fact[];
};

/** Facts about pods stand under one label that their namespace must have, and one that they must have themselves. */
export const createFactIndex = (): FactIndex => {
  const ofPods = new Map<string, Map<string, Set<Fact>>>();
  const ofNodes = new Set<Fact>();
  return {
    add: (fact) => {
      if (fact.is.kind === 'nodes') ofNodes.add(fact);
      if (fact.is.kind !== 'pods') return;
      const [outer, inner] = placeOf(fact.is);
      const shelf = ofPods.get(outer) ?? new Map<string, Set<Fact>>();
      ofPods.set(outer, shelf);
      shelf.set(inner, (shelf.get(inner) ?? new Set()).add(fact));
    },
    remove: (fact) => {
      ofNodes.delete(fact);
      if (fact.is.kind !== 'pods') return;
      const [outer, inner] = placeOf(fact.is);
      const shelf = ofPods.get(outer);
      shelf?.get(inner)?.delete(fact);
      if (shelf?.get(inner)?.size === 0) shelf.delete(inner);
      if (shelf?.size === 0) ofPods.delete(outer);
    },
    of: (profile, namespaceLabels) => {
      if (profile.namespace === undefined)
        return [...ofNodes].filter((fact) => holdsOf(fact, profile, undefined));
      const inner = [ANY, ...pairsOf(profile.labels)];
      return [nameOf(profile.namespace), ANY, ...pairsOf(namespaceLabels ?? {})]
        .map((outer) => ofPods.get(outer))
        .flatMap((shelf) => (shelf ? inner.flatMap((pair) => [...(shelf.get(pair) ?? [])]) : []))
        .filter((fact) => holdsOf(fact, profile, namespaceLabels));
    },
  };
};

/** Whether it holds of all that have the profile; facts about addresses never do. */
export const holdsOf = (
  { is }: Fact,
  { namespace, labels }: Profile,
  namespaceLabels: Labels | undefined,
): boolean => {
  if (is.kind === 'pods')
    return namespace !== undefined && selectsPod(is, { namespace, labels }, namespaceLabels);
  return is.kind === 'nodes' && namespace === undefined && selects(is.selector, labels);
};

const ANY = '';

/** No pair of a label: those have no slash in front. */
const nameOf = (namespace: string): string => `/${namespace}`;

const pairsOf = (labels: Labels): readonly string[] =>
  Object.entries(labels).map(([key, value]) => `${key}=${value}`);

const placeOf = ({ namespaces, pods }: Extract<Fact['is'], { kind: 'pods' }>): readonly [string, string] => [
  namespaces.kind === 'name' ? nameOf(namespaces.name) : requiredPair(namespaces.selector),
  requiredPair(pods),
];

const requiredPair = ({ requirements }: Selector): string => {
  for (const requirement of requirements)
    if (requirement.operator === 'in' && requirement.values.length === 1)
      return `${requirement.key}=${requirement.values[0]}`;
  return ANY;
};
