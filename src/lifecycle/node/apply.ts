// Writes what became of a node: its conditions and taints, and what that does to its pods.
import type { ApiClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import { unlessGone } from '../../k8s/api-error.ts';
import type { Node, NodeCondition, Pod, PodCondition, Taint } from '../../k8s/generated/types.ts';
import { keyOf } from '../../k8s/objects.ts';
import type { Stored } from '../../k8s/objects.ts';
import { isPodFinished, isPodReady } from '../../k8s/pod-state.ts';
import { nodes, pods } from '../../k8s/resources.ts';
import { formatTime } from '../../k8s/time.ts';
import type { Clock } from '../../lang/clock.ts';

export type NodeWriter = {
  readonly client: ApiClient;
  readonly events: EventRecorder;
  readonly clock: Clock;
};

export const writeConditions = async (
  { client, events }: NodeWriter,
  node: Stored<Node>,
  conditions: readonly NodeCondition[],
): Promise<Stored<Node>> => {
  const message = `Node ${node.metadata.name} status is now: NodeNotReady`;
  const updated = await client.updateStatus(nodes, { ...node, status: { ...node.status, conditions } });
  events.record(nodes, node, { type: 'Normal', reason: 'NodeNotReady', message });
  return updated;
};

/** Bound to the version: a taint that someone else sets meanwhile is not lost. */
export const writeTaints = (
  { client }: NodeWriter,
  node: Stored<Node>,
  taints: readonly Taint[],
): Promise<Stored<Node>> => {
  const { resourceVersion } = node.metadata;
  const patch = { metadata: { resourceVersion }, spec: { taints } };
  return client.patch(nodes, node.metadata, patch, { type: 'application/merge-patch+json' });
};

/** Nobody else can say so: the kubelet is silent. Services stop sending traffic to the pod. */
export const markNotReady = async (writer: NodeWriter, pod: Stored<Pod>): Promise<void> => {
  if (!isPodReady(pod)) return;
  const lastTransitionTime = formatTime(writer.clock.now());
  const conditions = (pod.status?.conditions ?? []).map((condition) =>
    condition.type === 'Ready' ? { ...condition, status: 'False', lastTransitionTime } : condition,
  );
  await unlessGone(writer.client.updateStatus(pods, { ...pod, status: { ...pod.status, conditions } }));
  writer.events.record(pods, pod, { type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready' });
};

export const evict = async (writer: NodeWriter, pod: Stored<Pod>): Promise<void> => {
  await unlessGone(
    addDisruption(writer, pod, {
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    }),
  );
  const message = `Marking for deletion Pod ${keyOf(pod)}`;
  writer.events.record(pods, pod, { type: 'Normal', reason: 'TaintManagerEviction', message });
  await unlessGone(writer.client.delete(pods, pod.metadata, { uid: pod.metadata.uid }));
};

/** A pod whose node is no more: no kubelet will ever confirm its end. */
export const collectOrphan = async (writer: NodeWriter, pod: Stored<Pod>): Promise<void> => {
  const why = { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' };
  if (!isPodFinished(pod)) await unlessGone(addDisruption(writer, pod, why, 'Failed'));
  const { uid } = pod.metadata;
  await unlessGone(writer.client.delete(pods, pod.metadata, { uid, gracePeriodSeconds: 0 }));
};

type Why = { readonly reason: string; readonly message: string };

const addDisruption = async (
  { client, clock }: NodeWriter,
  pod: Stored<Pod>,
  why: Why,
  phase = pod.status?.phase,
): Promise<void> => {
  const lastTransitionTime = formatTime(clock.now());
  const disruption: PodCondition = { type: 'DisruptionTarget', status: 'True', ...why, lastTransitionTime };
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget');
  const status = { ...pod.status, phase, conditions: [...others, disruption] };
  await client.updateStatus(pods, { ...pod, status });
};
