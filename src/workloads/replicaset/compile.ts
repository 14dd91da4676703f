// How many pods a ReplicaSet lacks, or which of its pods have to go.
// kubernetes pkg/controller/replicaset/replica_set.go and controller_utils.go ActivePodsWithRanks (1.36).
import type { Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { isPodReady, podCondition } from '../../k8s/pod-state.ts';
import { parseTime } from '../../k8s/time.ts';

export type ReplicaPlan =
  | { readonly kind: 'none' }
  | { readonly kind: 'create'; readonly count: number }
  | { readonly kind: 'delete'; readonly pods: readonly Stored<Pod>[] };

export type ReplicaSnapshot = {
  readonly replicas: number;
  /** The active pods that the ReplicaSet owns. */
  readonly pods: readonly Stored<Pod>[];
  /** Active pods of all ReplicaSets of the same Deployment on the node: the fuller node loses one first. */
  readonly relatedOnNode: (nodeName: string) => number;
  readonly nowMs: number;
};

/** No more than this many creations or deletions at once, so that one object cannot flood the API. */
const BURST_PODS = 500;

export const compileReplicas = (snapshot: ReplicaSnapshot): ReplicaPlan => {
  const missing = snapshot.replicas - snapshot.pods.length;
  if (missing > 0) return { kind: 'create', count: Math.min(missing, BURST_PODS) };
  if (missing < 0) return { kind: 'delete', pods: podsToDelete(snapshot, Math.min(-missing, BURST_PODS)) };
  return { kind: 'none' };
};

const podsToDelete = ({ pods, relatedOnNode, nowMs }: ReplicaSnapshot, count: number): Stored<Pod>[] =>
  pods
    .map((pod) => rank(pod, relatedOnNode, nowMs))
    .sort(compareRanks)
    .slice(0, count)
    .map(({ pod }) => pod);

type Ranked = { readonly pod: Stored<Pod>; readonly order: readonly number[] };

const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

/** Smaller goes first, place by place. Ages are compared by their order of magnitude, so that young pods are not all lost. */
const rank = (pod: Stored<Pod>, relatedOnNode: (node: string) => number, nowMs: number): Ranked => {
  const node = pod.spec?.nodeName;
  const ready = isPodReady(pod);
  return {
    pod,
    order: [
      node ? 1 : 0,
      PHASES[pod.status?.phase ?? 'Pending'] ?? 1,
      ready ? 1 : 0,
      deletionCost(pod),
      node ? -relatedOnNode(node) : 0,
      ready ? magnitude(nowMs - parseTime(podCondition(pod, 'Ready')?.lastTransitionTime)) : 0,
      -restarts(pod),
      magnitude(nowMs - parseTime(pod.metadata.creationTimestamp)),
    ],
  };
};

const compareRanks = (a: Ranked, b: Ranked): number => {
  const at = a.order.findIndex((value, place) => value !== b.order[place]);
  if (at >= 0) return a.order[at]! - b.order[at]!;
  return a.pod.metadata.uid < b.pod.metadata.uid ? -1 : 1;
};

const deletionCost = ({ metadata }: Stored<Pod>): number => {
  const text = metadata.annotations?.[DELETION_COST];
  return text !== undefined && /^-?\d{1,10}$/.test(text) ? Number(text) : 0;
};

const restarts = ({ status }: Stored<Pod>): number =>
  Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));

/** The power of two of the age in seconds; an unknown or future time is the youngest. KEP-2185. */
const magnitude = (ageMs: number): number => (ageMs >= 1000 ? Math.floor(Math.log2(ageMs / 1000)) + 1 : 0);
