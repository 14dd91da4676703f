// What a ClusterRole with an aggregationRule gathers: the rules of the roles that its selectors find, in the order of the
// roles' names, each rule once (kubernetes pkg/controller/clusterroleaggregation).
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

/** The first of each. */
const distinct = (rules: readonly PolicyRule[]): readonly PolicyRule[] => {
  const byText = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const text = textOf(rule);
    if (!byText.has(text)) byText.set(text, rule);
  }
  return [...byText.values()];
};

const textOf = ({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): string =>
  JSON.stringify([verbs, apiGroups, resources, resourceNames, nonResourceURLs]);
