// Why a node cannot take a pod, in kube-scheduler's words (kubernetes pkg/scheduler/framework/plugins, 1.36).
import type { Pod, Taint } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { UNSCHEDULABLE, isTolerated } from '../k8s/taints.ts';
import { matchesNode } from '../k8s/node-selector.ts';
import type { NodeFacts, PodFacts } from './select.ts';
import type { NodeUsage } from './state.ts';

export type Rejection = {
  readonly reasons: readonly string[];
  /** Whether the end of another pod could change it. */
  readonly isAboutRoom: boolean;
};

/** What nodes are like comes before how full they are; undefined if the node can take the pod. */
export const rejectionOf = (
  pod: Stored<Pod>,
  facts: PodFacts,
  node: NodeFacts,
  usage: NodeUsage,
): Rejection | undefined => {
  const nature = natureReason(pod, node);
  if (nature) return { reasons: [nature], isAboutRoom: false };
  const reasons = roomReasons(facts, node, usage);
  return reasons.length > 0 ? { reasons, isAboutRoom: true } : undefined;
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

const roomReasons = ({ requests, hostPorts }: PodFacts, node: NodeFacts, usage: NodeUsage): string[] => {
  const { allocatable } = node;
  const lacks = (request: number, used: number, total: number): boolean =>
    request > 0 && used + request > total;
  const portTaken = hostPorts.some((port) => collides(port, usage.hostPorts));
  return [
    portTaken && "node(s) didn't have free ports for the requested pod ports",
    usage.pods + 1 > allocatable.pods && 'Too many pods',
    lacks(requests.cpuMillis, usage.cpuMillis, allocatable.cpuMillis) && 'Insufficient cpu',
    lacks(requests.memoryBytes, usage.memoryBytes, allocatable.memoryBytes) && 'Insufficient memory',
  ].filter((reason) => reason !== false);
};

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
