// What a pod's status means to those who count pods: controllers, endpoints, the scheduler.
import type { Container, Pod, PodCondition, PodSpec } from './generated/types.ts';
import { parseTime } from './time.ts';

type AnyPod = Pick<Pod, 'metadata' | 'spec' | 'status'>;

export const podCondition = (pod: AnyPod, type: string): PodCondition | undefined =>
  pod.status?.conditions?.find((condition) => condition.type === type);

export const isPodReady = (pod: AnyPod): boolean => podCondition(pod, 'Ready')?.status === 'True';

/** An init container that restarts always is never through: it runs beside the others (KEP-753). */
export const isSidecar = ({ restartPolicy }: Pick<Container, 'restartPolicy'>): boolean =>
  restartPolicy === 'Always';

export const sidecarsOf = (spec: PodSpec | undefined): readonly Container[] =>
  (spec?.initContainers ?? []).filter(isSidecar);

/** Succeeded or Failed: its containers will never run again. */
export const isPodFinished = ({ status }: AnyPod): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** Neither finished nor being deleted: it counts as a replica. */
export const isPodActive = (pod: AnyPod): boolean =>
  !isPodFinished(pod) && pod.metadata?.deletionTimestamp === undefined;

/** When a ready pod counts as available, in milliseconds since the epoch; Infinity while it is not ready. */
export const podAvailableAtMs = (pod: AnyPod, minReadySeconds: number): number => {
  if (!isPodReady(pod)) return Infinity;
  if (minReadySeconds === 0) return 0;
  const sinceMs = parseTime(podCondition(pod, 'Ready')?.lastTransitionTime);
  return Number.isNaN(sinceMs) ? Infinity : sinceMs + minReadySeconds * 1000;
};
