// Writes a decision: the binding, or the condition and event that say why there is none.
import type { ApiClient } from '../client/client.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Binding, Pod, PodCondition } from '../k8s/generated/types.ts';
import { keyOf } from '../k8s/objects.ts';
import type { Stored } from '../k8s/objects.ts';
import { podCondition } from '../k8s/pod-state.ts';
import { pods } from '../k8s/resources.ts';
import { formatTime } from '../k8s/time.ts';
import type { Clock } from '../lang/clock.ts';

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

export const reportUnschedulable = async (
  writer: PlacementWriter,
  pod: Stored<Pod>,
  message: string,
): Promise<void> => {
  const before = podCondition(pod, 'PodScheduled');
  if (before?.status !== 'False' || before.message !== message) await writeCondition(writer, pod, message);
  writer.events.record(pods, pod, { type: 'Warning', reason: 'FailedScheduling', message });
};

const writeCondition = async (
  { client, clock }: PlacementWriter,
  pod: Stored<Pod>,
  message: string,
): Promise<void> => {
  const before = podCondition(pod, 'PodScheduled');
  const condition: PodCondition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : formatTime(clock.now()),
  };
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  await client.updateStatus(pods, { ...pod, status: { ...pod.status, conditions: [...others, condition] } });
};
