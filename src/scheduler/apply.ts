// Writes a decision: the binding, or the condition and event that say why there is none.
import type { ApiClient } from '../client/client.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Binding, Pod, PodCondition } from '../k8s/generated/types.ts';
import { unlessGone } from '../k8s/api-error.ts';
import { keyOf } from '../k8s/objects.ts';
import type { Stored } from '../k8s/objects.ts';
import { podCondition } from '../k8s/pod-state.ts';
import { pods } from '../k8s/resources.ts';
import { formatTime } from '../k8s/time.ts';
import type { Clock } from '../lang/clock.ts';
import type { Preemption } from './preempt.ts';
import type { PodFacts } from './select.ts';

export type PlacementWriter = {
  readonly client: ApiClient;
  readonly events: EventRecorder;
  readonly clock: Clock;
};

/** Throws ApiError: NotFound when the pod is gone, Conflict when it is bound already. */
export const bind = async (
  { client, events }: PlacementWriter,
  pod: Stored<Pod>,
  node: string,
): Promise<void> => {
  const { name, namespace, uid } = pod.metadata;
  const binding: Binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace, uid },
    target: { apiVersion: 'v1', kind: 'Node', name: node },
  };
  await client.createSubresource(pods, pod.metadata, 'binding', binding);
  const message = `Successfully assigned ${keyOf(pod)} to ${node}`;
  events.record(pods, pod, { type: 'Normal', reason: 'Scheduled', message });
};

/** `nominated`: the node on which room is being made for it. */
export const reportUnschedulable = async (
  writer: PlacementWriter,
  pod: Stored<Pod>,
  message: string,
  nominated: string | undefined,
): Promise<void> => {
  const before = podCondition(pod, 'PodScheduled');
  const isKnown = before?.status === 'False' && before.message === message;
  if (!isKnown || nominated !== pod.status?.nominatedNodeName) {
    const condition: PodCondition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastTransitionTime:
        before?.status === 'False' ? before.lastTransitionTime : formatTime(writer.clock.now()),
    };
    await writeStatus(writer, pod, condition, { nominatedNodeName: nominated });
  }
  writer.events.record(pods, pod, { type: 'Warning', reason: 'FailedScheduling', message });
};

/** Ends the victims, each with a condition that says why. */
export const preempt = async (
  writer: PlacementWriter,
  pod: Stored<Pod>,
  { node, victims }: Preemption,
): Promise<void> => {
  await Promise.all(victims.map((victim) => unlessGone(endVictim(writer, pod, { node, victim }))));
};

const endVictim = async (
  writer: PlacementWriter,
  pod: Stored<Pod>,
  { node, victim }: { readonly node: string; readonly victim: PodFacts },
): Promise<void> => {
  const present = await writer.client.get(pods, victim);
  if (present.metadata.uid !== victim.uid) return;
  const condition: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: 'default-scheduler: preempting to accommodate a higher priority pod',
    lastTransitionTime: formatTime(writer.clock.now()),
  };
  await writeStatus(writer, present, condition);
  await writer.client.delete(pods, victim, { uid: victim.uid });
  const message = `Preempted by pod ${pod.metadata.uid} on node ${node}`;
  writer.events.record(pods, present, { type: 'Normal', reason: 'Preempted', message });
};

const writeStatus = async (
  { client }: PlacementWriter,
  pod: Stored<Pod>,
  condition: PodCondition,
  more: Partial<NonNullable<Pod['status']>> = {},
): Promise<void> => {
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== condition.type);
  const status = { ...pod.status, ...more, conditions: [...others, condition] };
  await client.updateStatus(pods, { ...pod, status });
};
