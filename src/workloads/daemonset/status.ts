// A DaemonSet's status, counted by nodes: what `kubectl rollout status` reads.
import type { DaemonSetStatus } from '../../k8s/generated/types.ts';
import { isPodReady, podAvailableAtMs } from '../../k8s/pod-state.ts';
import { type DaemonSnapshot, isAvailable, isUpdated, representative } from './compile.ts';

export const compileStatus = (snapshot: DaemonSnapshot): DaemonSetStatus => {
  const { set, places } = snapshot;
  const wanted = places.filter(({ fit }) => fit === 'run');
  const pods = wanted.flatMap((place) => representative(place) ?? []);
  const ready = pods.filter(isPodReady);
  const numberAvailable = ready.filter((pod) => isAvailable(snapshot, pod)).length;
  return {
    desiredNumberScheduled: wanted.length,
    currentNumberScheduled: pods.length,
    numberMisscheduled: places.filter((place) => place.fit !== 'run' && place.pods.length > 0).length,
    numberReady: ready.length,
    numberAvailable,
    numberUnavailable: wanted.length - numberAvailable,
    updatedNumberScheduled: pods.filter((pod) => isUpdated(snapshot, pod)).length,
    observedGeneration: set.metadata.generation,
    ...(set.status?.collisionCount ? { collisionCount: set.status.collisionCount } : {}),
  };
};

/** When the next ready pod becomes available by minReadySeconds; undefined if none waits. */
export const nextAvailableMs = ({ set, places, nowMs }: DaemonSnapshot): number | undefined => {
  const waiting = places
    .flatMap(({ pods }) => pods)
    .map((pod) => podAvailableAtMs(pod, set.spec?.minReadySeconds ?? 0))
    .filter((atMs) => atMs > nowMs && atMs < Infinity);
  return waiting.length > 0 ? Math.min(...waiting) : undefined;
};
