// Why a node cannot take a pod, in kube-scheduler's words (kubernetes pkg/scheduler/framework/plugins, 1.36).
import type { Pod, Taint } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { UNSCHEDULABLE, isTolerated } from '../k8s/taints.ts';
import { matchesNode } from '../k8s/node-selector.ts';
import type { NodeFacts, PodFacts } from './select.ts';
import type { NodeUsage } from './state.ts';
import type { Rule } from './world.ts';

export type Rejection = {
  readonly reasons: readonly string[];
  /** Whether the end of another pod could change it. */
  readonly isAboutRoom: boolean;
};

/** A pod that looks for a node, and what it wants of the pods around it. */
export type Candidate = {
  readonly pod: Stored<Pod>;
  readonly facts: PodFacts;
  readonly rules: readonly Rule[];
};

/**
 * What nodes are like comes before how full they are, and that before which pods are there; undefined if the node can take
 * the pod.
 */
export const rejectionOf = (
  { pod, facts, rules }: Candidate,
  node: NodeFacts,
  usage: NodeUsage,
): Rejection | undefined => {
  const nature = natureReason(pod, node);
  if (nature) return { reasons: [nature], isAboutRoom: false };
  const reasons = roomReasons(facts, node, usage);
  if (reasons.length > 0) return { reasons, isAboutRoom: true };
  for (const { rejection } of rules) {
    const found = rejection(node);
    if (found) return found;
  }
  return undefined;
};

const CORDON: Taint = { key: UNSCHEDULABLE, effect: 'NoSchedule' };

const natureReason = (pod: Stored<Pod>, node: NodeFacts): string | undefined => {
  const tolerations = pod.spec?.tolerations;
  if (node.isUnschedulable && !isTolerated(CORDON, tolerations)) return 'node(s) were unschedulable';
  if (node.taints.some((taint) => repels(taint) && !isTolerated(taint, tolerations)))
    return 'node(s) had untolerated taint(s)';
  return matchesNode(pod, node) ? undefined : "node(s) didn't match Pod's node affinity/selector";
};

const repels = ({ effect }: Taint): boolean => effect === 'NoSchedule' || effect === 'NoExecute';

const roomReasons = (
  { requests, hostPorts }: PodFacts,
  { allocatable }: NodeFacts,
  usage: NodeUsage,
): readonly string[] => {
  if (hostPorts.some((port) => collides(port, usage.hostPorts)))
    return ["node(s) didn't have free ports for the requested pod ports"];
  const lacks = (request: number, used: number, total: number): boolean =>
    request > 0 && used + request > total;
  const missing = [...requests.others].filter(([name, request]) =>
    lacks(request, usage.others.get(name) ?? 0, allocatable.others.get(name) ?? unsaid(name)),
  );
  return [
    usage.pods + 1 > allocatable.pods && 'Too many pods',
    lacks(requests.cpuMillis, usage.cpuMillis, allocatable.cpuMillis) && 'Insufficient cpu',
    lacks(requests.memoryBytes, usage.memoryBytes, allocatable.memoryBytes) && 'Insufficient memory',
    ...missing.map(([name]) => `Insufficient ${name}`),
  ].filter((reason) => reason !== false);
};

/** Of the disk a node may say nothing; of devices and huge pages it has none then. */
const unsaid = (name: string): number => (name.includes('/') || name.startsWith('hugepages-') ? 0 : Infinity);

/** No address, or the unspecified one, is every address. */
const collides = (wanted: string, taken: ReadonlyMap<string, number>): boolean => {
  if (taken.size === 0) return false;
  const [protocol, address = '', port] = wanted.split('/');
  return [...taken.keys()].some((each) => {
    const [otherProtocol, otherAddress = '', otherPort] = each.split('/');
    const overlaps = address === otherAddress || isAny(address) || isAny(otherAddress);
    return protocol === otherProtocol && port === otherPort && overlaps;
  });
};

const isAny = (address: string): boolean => address === '' || address === '0.0.0.0' || address === '::';
