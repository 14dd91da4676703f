// A StatefulSet's status, counted from its pods: what `kubectl rollout status` reads.
import type { Pod, StatefulSetStatus } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { isPodReady, podAvailableAtMs } from '../../k8s/pod-state.ts';
import { type StatefulSnapshot, revisionOf } from './compile.ts';

export const compileStatus = (snapshot: StatefulSnapshot): StatefulSetStatus => {
  const { set, pods, currentRevision, updateRevision, nowMs } = snapshot;
  const minReady = set.spec?.minReadySeconds ?? 0;
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod));
  const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const updatedReplicas = count(staying, (pod) => revisionOf(pod) === updateRevision);
  const counts = {
    replicas: pods.length,
    readyReplicas: ready.length,
    availableReplicas: count(ready, (pod) => podAvailableAtMs(pod, minReady) <= nowMs),
    updatedReplicas,
  };
  const isDone = isRolledOut(snapshot, counts);
  return {
    ...counts,
    observedGeneration: set.metadata.generation,
    currentReplicas: isDone ? updatedReplicas : count(staying, (pod) => revisionOf(pod) === currentRevision),
    currentRevision: isDone ? updateRevision : currentRevision,
    updateRevision,
    collisionCount: set.status?.collisionCount ?? 0,
  };
};

/** Only a rolling update ends by itself: then what was new is what is. */
const isRolledOut = (
  { set }: StatefulSnapshot,
  counts: { readonly replicas: number; readonly readyReplicas: number; readonly updatedReplicas: number },
): boolean => {
  const wanted = set.spec?.replicas ?? 1;
  const isRolling = set.spec?.updateStrategy?.type === 'RollingUpdate';
  return (
    isRolling && [counts.replicas, counts.readyReplicas, counts.updatedReplicas].every((n) => n === wanted)
  );
};

/** When the next ready pod becomes available by minReadySeconds; undefined if none waits. */
export const nextAvailableMs = ({ set, pods, nowMs }: StatefulSnapshot): number | undefined => {
  const waiting = pods
    .map((pod) => podAvailableAtMs(pod, set.spec?.minReadySeconds ?? 0))
    .filter((atMs) => atMs > nowMs && atMs < Infinity);
  return waiting.length > 0 ? Math.min(...waiting) : undefined;
};

const count = (pods: readonly Stored<Pod>[], test: (pod: Stored<Pod>) => boolean): number =>
  pods.filter(test).length;
