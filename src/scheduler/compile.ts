// Which node takes a pod: of those that can, the one that keeps replicas apart.
import type { Pod } from '../k8s/generated/types.ts';
import { preferenceOf } from '../k8s/node-selector.ts';
import type { Stored } from '../k8s/objects.ts';
import { isTolerated } from '../k8s/taints.ts';
import type { Cluster } from './cluster.ts';
import { rejectionOf } from './filter.ts';
import type { Candidate, Rejection } from './filter.ts';
import { type Preemption, compilePreemption, ineligibility } from './preempt.ts';
import { createWorld, rulesOf } from './rules.ts';
import { selectPod } from './select.ts';
import type { NodeFacts, PodFacts } from './select.ts';
import { usageOf } from './state.ts';
import type { NodeUsage, Usage } from './state.ts';
import type { Placement } from './world.ts';

export type Decision =
  | { readonly kind: 'bind'; readonly node: string }
  | {
      readonly kind: 'unschedulable';
      readonly message: string;
      /** Where room is being made for the pod. */
      readonly nominated: string | undefined;
      /** Room for the pod is made there, by ending these. */
      readonly preemption?: Preemption;
    };

/** O(nodes); for pods with wishes about other pods also O(placed pods). */
export const compilePlacement = (pod: Stored<Pod>, cluster: Cluster): Decision => {
  const { nodes, usage } = cluster;
  const facts = selectPod(pod);
  const held = heldFor(facts, cluster.nominated);
  const world = createWorld(cluster, () => [...usage.placements(), ...held]);
  const candidate = { pod, facts, rules: rulesOf(pod, facts, world, usage.keepsApart || held.length > 0) };
  const rejections = new Map<NodeFacts, Rejection>();
  for (const node of nodes) {
    const rejection = rejectionOf(candidate, node, usageWith(held, node.name, usage));
    if (rejection) rejections.set(node, rejection);
  }
  const fitting = nodes.filter((node) => !rejections.has(node));
  const best = bestNode(candidate, fitting, cluster);
  if (best) return { kind: 'bind', node: best };
  return waiting(candidate, rejections, cluster);
};

const waiting = (
  { pod, facts }: Candidate,
  rejections: ReadonlyMap<NodeFacts, Rejection>,
  cluster: Cluster,
): Decision => {
  const all = [...rejections.values()];
  if (all.length === 0) return { kind: 'unschedulable', message: NO_NODES, nominated: undefined };
  const why = ineligibility(pod, facts, cluster);
  if (why !== undefined) {
    const nominated = pod.spec?.preemptionPolicy === 'Never' ? undefined : pod.status?.nominatedNodeName;
    return { kind: 'unschedulable', message: `${fitText(all)} preemption: ${why}`, nominated };
  }
  const preemption = compilePreemption(pod, facts, rejections, cluster);
  return preemption
    ? { kind: 'unschedulable', message: fitText(all), nominated: preemption.node, preemption }
    : { kind: 'unschedulable', message: messageOf(all), nominated: undefined };
};

/** Room that pods of at least the same priority wait for is taken. */
const heldFor = ({ uid, priority }: PodFacts, nominated: readonly Placement[]): readonly Placement[] =>
  nominated.filter(({ pod }) => pod.uid !== uid && pod.priority >= priority);

const usageWith = (held: readonly Placement[], node: string, usage: Usage): NodeUsage => {
  const here = held.filter((each) => each.node === node);
  if (here.length === 0) return usage.of(node);
  const placed = usage.placements().filter((each) => each.node === node);
  return usageOf([...placed, ...here].map(({ pod }) => pod));
};

/**
 * Smaller is better, place by place: soft taints and preferences are the user's word; then the zone and the node with
 * the fewest replicas of the same group, so that zones stay even whatever the number of their nodes; then the emptiest.
 */
const bestNode = (
  { pod, facts, rules }: Candidate,
  fitting: readonly NodeFacts[],
  { nodes, usage }: Cluster,
): string | undefined => {
  const onNode = usage.spread(facts.group);
  const inZone = countByZone(nodes, onNode);
  const ranked = fitting.map((node) => ({
    name: node.name,
    order: [
      softTaints(pod, node),
      rules.reduce((sum, rule) => sum + rule.penalty(node), -preferenceOf(pod, node)),
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
  const preemption = histogram(
    rejections.map(({ isAboutRoom }) =>
      isAboutRoom
        ? 'No preemption victims found for incoming pod'
        : 'Preemption is not helpful for scheduling',
    ),
  );
  return `${fitText(rejections)} preemption: ${availableText(rejections.length)}: ${preemption}.`;
};

const NO_NODES = 'no nodes available to schedule pods';

const availableText = (nodes: number): string => `0/${nodes} nodes are available`;

const fitText = (rejections: readonly Rejection[]): string => {
  const reasons = histogram(rejections.flatMap((rejection) => rejection.reasons));
  return `${availableText(rejections.length)}: ${reasons}.`;
};

/** The same when the pod itself keeps any node from taking it. */
export const unschedulableAnywhere = (reason: string, nodes: number): Decision => {
  const available = availableText(nodes);
  return {
    kind: 'unschedulable',
    nominated: undefined,
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
