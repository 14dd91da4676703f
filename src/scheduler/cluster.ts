import type { PodDisruptionBudget } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import type { NodeFacts } from './select.ts';
import type { Usage } from './state.ts';
import type { NamespaceLabels } from './terms.ts';
import type { Placement } from './world.ts';

/** All that a decision turns on besides the pod. */
export type Cluster = {
  /** In any order: equals are told apart by their names. */
  readonly nodes: readonly NodeFacts[];
  readonly usage: Usage;
  /** Where pods wait for room that is being made for them. */
  readonly nominated: readonly Placement[];
  readonly namespaceLabels: NamespaceLabels;
  readonly budgets: readonly Stored<PodDisruptionBudget>[];
};
