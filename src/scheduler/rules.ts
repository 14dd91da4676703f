// What a pod wants of the pods around it, all of it together. Pure.
import type { Pod } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { affinityRule } from './affinity.ts';
import type { NodeFacts, PodFacts } from './select.ts';
import { spreadRule } from './spread.ts';
import type { NamespaceLabels } from './terms.ts';
import type { Placement, Rule, World } from './world.ts';

type Places = { readonly nodes: readonly NodeFacts[]; readonly namespaceLabels: NamespaceLabels };

/** Made when it is asked for: most pods have no wishes. */
export const createWorld =
  ({ nodes, namespaceLabels }: Places, placements: () => readonly Placement[]) =>
  (): World => ({
    nodes,
    nodeByName: new Map(nodes.map((node) => [node.name, node])),
    placements: placements(),
    namespaceLabels,
  });

/** `keepsApart`: some pod may not want this one near it. */
export const rulesOf = (
  { spec }: Stored<Pod>,
  facts: PodFacts,
  world: () => World,
  keepsApart: boolean,
): readonly Rule[] => {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  const hasTerms = Boolean(podAffinity ?? podAntiAffinity) || keepsApart;
  if (!hasTerms && !spec?.topologySpreadConstraints?.length) return [];
  const seen = world();
  const rules = [spreadRule(facts, spec, seen), hasTerms && affinityRule(facts, spec?.affinity, seen)];
  return rules.filter((rule) => rule !== undefined && rule !== false);
};
