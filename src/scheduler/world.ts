// What rules between pods look at: the nodes, and which pods are on them.
import { ownValue } from '../lang/own-value.ts';
import type { Rejection } from './filter.ts';
import type { NodeFacts, PodFacts } from './select.ts';
import type { NamespaceLabels } from './terms.ts';

export type Placement = { readonly pod: PodFacts; readonly node: string };

export type World = {
  readonly nodes: readonly NodeFacts[];
  readonly nodeByName: ReadonlyMap<string, NodeFacts>;
  readonly placements: readonly Placement[];
  readonly namespaceLabels: NamespaceLabels;
};

/** One pod's wishes for the pods around it. */
export type Rule = {
  readonly rejection: (node: NodeFacts) => Rejection | undefined;
  /** Smaller is better. */
  readonly penalty: (node: NodeFacts) => number;
};

/** Value of the topology label -> the pods in it that match. Nodes without the label are in no domain. */
export const domainsOf = (
  { nodeByName, placements }: World,
  topologyKey: string,
  matches: (pod: PodFacts) => boolean,
): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { pod, node } of placements) {
    const domain = ownValue(nodeByName.get(node)?.labels ?? {}, topologyKey);
    if (domain !== undefined && matches(pod)) counts.set(domain, (counts.get(domain) ?? 0) + 1);
  }
  return counts;
};
