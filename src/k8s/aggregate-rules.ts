// What a ClusterRole with an aggregationRule gathers: the rules of the roles that its selectors find, in the order of the
// roles' names, each rule once (kubernetes pkg/controller/clusterroleaggregation).
import { equalJson } from '../lang/json.ts';
import type { ClusterRole, PolicyRule } from './generated/types.ts';
import { labelSelectorMatches } from './labels.ts';

/** The role itself is never among what it gathers. */
export const aggregatedRules = (role: ClusterRole, others: readonly ClusterRole[]): readonly PolicyRule[] => {
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  const sorted = others
    .filter(({ metadata }) => metadata?.name !== role.metadata?.name)
    .toSorted((a, b) => (a.metadata!.name! < b.metadata!.name! ? -1 : 1));
  const found = selectors.flatMap((selector) =>
    sorted.filter(({ metadata }) => labelSelectorMatches(selector, metadata?.labels)),
  );
  return distinct(found.flatMap(({ rules }) => rules ?? []));
};

const distinct = (rules: readonly PolicyRule[]): readonly PolicyRule[] =>
  rules.filter((rule, index) => rules.findIndex((other) => equalJson(other, rule)) === index);
