// Which node takes a pod: of those that can, the one that keeps replicas apart.
import type { Pod } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { isTolerated } from '../k8s/taints.ts';
import { rejectionOf } from './filter.ts';
import type { Rejection } from './filter.ts';
import { preferenceOf } from '../k8s/node-selector.ts';
import type { NodeFacts, PodFacts } from './select.ts';
import type { Usage } from './state.ts';

export type Decision =
  | { readonly kind: 'bind'; readonly node: string }
  | { readonly kind: 'unschedulable'; readonly message: string };

/** O(nodes). `nodes` in any order: equals are told apart by their names. */
export const compilePlacement = (
  pod: Stored<Pod>,
  facts: PodFacts,
  nodes: readonly NodeFacts[],
  usage: Usage,
): Decision => {
  const rejections: Rejection[] = [];
  const fitting: NodeFacts[] = [];
  for (const node of nodes) {
    const rejection = rejectionOf(pod, facts, node, usage.of(node.name));
    if (rejection) rejections.push(rejection);
    else fitting.push(node);
  }
  const best = bestNode(pod, facts, fitting, nodes, usage);
  return best ? { kind: 'bind', node: best } : { kind: 'unschedulable', message: messageOf(rejections) };
};

/**
 * Smaller is better, place by place: soft taints and preferences are the user's word; then the zone and the node with
 * the fewest replicas of the same group, so that zones stay even whatever the number of their nodes; then the emptiest.
 */
const bestNode = (
  pod: Stored<Pod>,
  facts: PodFacts,
  fitting: readonly NodeFacts[],
  nodes: readonly NodeFacts[],
  usage: Usage,
): string | undefined => {
  const onNode = usage.spread(facts.group);
  const inZone = countByZone(nodes, onNode);
  const ranked = fitting.map((node) => ({
    name: node.name,
    order: [
      softTaints(pod, node),
      -preferenceOf(pod, node),
      inZone.get(node.zone) ?? 0,
      onNode.get(node.name) ?? 0,
      fullness(node, usage),
      usage.of(node.name).pods,
    ],
  }));
  return ranked.sort(compareRanks)[0]?.name;
};

type Ranked = { readonly name: string; readonly order: readonly number[] };

const compareRanks = (a: Ranked, b: Ranked): number => {
  const at = a.order.findIndex((value, place) => value !== b.order[place]);
  if (at >= 0) return a.order[at]! - b.order[at]!;
  return a.name < b.name ? -1 : 1;
};

const countByZone = (
  nodes: readonly NodeFacts[],
  onNode: ReadonlyMap<string, number>,
): Map<string, number> => {
  const counts = new Map<string, number>();
  if (onNode.size === 0) return counts;
  for (const { name, zone } of nodes) counts.set(zone, (counts.get(zone) ?? 0) + (onNode.get(name) ?? 0));
  return counts;
};

const softTaints = ({ spec }: Stored<Pod>, { taints }: NodeFacts): number =>
  taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(taint, spec?.tolerations))
    .length;

/** The scarcer of CPU and memory, in tenths. */
const fullness = ({ name, allocatable }: NodeFacts, usage: Usage): number => {
  const { cpuMillis, memoryBytes } = usage.of(name);
  const share = Math.max(cpuMillis / allocatable.cpuMillis, memoryBytes / allocatable.memoryBytes);
  return Math.round(share * 10);
};

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) ... . preemption: ...`: FitError in kube-scheduler. */
const messageOf = (rejections: readonly Rejection[]): string => {
  if (rejections.length === 0) return 'no nodes available to schedule pods';
  const available = `0/${rejections.length} nodes are available`;
  const reasons = histogram(rejections.flatMap((rejection) => rejection.reasons));
  const preemption = histogram(
    rejections.map(({ isAboutRoom }) =>
      isAboutRoom
        ? 'No preemption victims found for incoming pod'
        : 'Preemption is not helpful for scheduling',
    ),
  );
  return `${available}: ${reasons}. preemption: ${available}: ${preemption}.`;
};

/** The same when the pod itself keeps any node from taking it. */
export const unschedulableAnywhere = (reason: string, nodes: number): Decision => {
  const available = `0/${nodes} nodes are available`;
  return {
    kind: 'unschedulable',
    message: `${available}: ${reason}. preemption: ${available}: ${nodes} Preemption is not helpful for scheduling.`,
  };
};

const histogram = (reasons: readonly string[]): string => {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');
};
