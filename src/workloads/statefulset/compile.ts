// The next steps of a StatefulSet: one after the other in the order of the ordinals, or all at once if it is parallel.
// kubernetes pkg/controller/statefulset/stateful_set_control.go (1.36).
import type { Pod, StatefulSet } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { isPodFinished, podAvailableAtMs } from '../../k8s/pod-state.ts';
import { share } from '../share.ts';
import { REVISION_LABEL, missingIdentity, ordinalOf, startOrdinal } from './identity.ts';

export type StatefulSnapshot = {
  readonly set: Stored<StatefulSet>;
  /** All pods that the set owns. */
  readonly pods: readonly Stored<Pod>[];
  /** Names of ControllerRevisions. */
  readonly currentRevision: string;
  readonly updateRevision: string;
  readonly nowMs: number;
};

export type StatefulStep =
  | { readonly kind: 'create'; readonly ordinal: number; readonly revision: string }
  | { readonly kind: 'delete'; readonly pod: Stored<Pod> }
  | {
      readonly kind: 'label';
      readonly pod: Stored<Pod>;
      readonly labels: Readonly<Record<string, string>>;
    };

/** A place of the set: its pod, if it has one. */
type Replica = { readonly ordinal: number; readonly pod: Stored<Pod> | undefined };

export const compileStatefulSet = (snapshot: StatefulSnapshot): readonly StatefulStep[] => {
  const { set } = snapshot;
  if (set.metadata.deletionTimestamp !== undefined) return [];
  const isOrdered = set.spec?.podManagementPolicy !== 'Parallel';
  const { replicas, condemned } = placesOf(snapshot);
  const filling = fillReplicas(snapshot, replicas, isOrdered);
  if (filling.mustWait) return filling.steps;
  const removing = removeCondemned(snapshot, replicas, condemned, isOrdered);
  if (removing.mustWait) return [...filling.steps, ...removing.steps];
  return [...filling.steps, ...removing.steps, ...rollOut(snapshot, replicas)];
};

/** Condemned pods have an ordinal outside of the range; the highest comes first. */
const placesOf = ({
  set,
  pods,
}: StatefulSnapshot): {
  readonly replicas: readonly Replica[];
  readonly condemned: readonly Stored<Pod>[];
} => {
  const [start, count] = [startOrdinal(set), set.spec?.replicas ?? 1];
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]));
  const isInRange = (ordinal: number): boolean => ordinal >= start && ordinal < start + count;
  return {
    replicas: Array.from({ length: count }, (_, index) => ({
      ordinal: start + index,
      pod: byOrdinal.get(start + index),
    })),
    condemned: pods
      .filter((pod) => ordinalOf(set, pod) >= 0 && !isInRange(ordinalOf(set, pod)))
      .sort((a, b) => ordinalOf(set, b) - ordinalOf(set, a)),
  };
};

/** `mustWait`: nothing that comes later in the order may be done yet. */
type Progress = { readonly steps: readonly StatefulStep[]; readonly mustWait: boolean };

const fillReplicas = (
  snapshot: StatefulSnapshot,
  replicas: readonly Replica[],
  isOrdered: boolean,
): Progress => {
  const steps: StatefulStep[] = [];
  for (const replica of replicas) {
    const { pod, ordinal } = replica;
    if (!pod) steps.push({ kind: 'create', ordinal, revision: revisionFor(snapshot, ordinal) });
    else if (isPodFinished(pod) && !isTerminating(pod)) steps.push({ kind: 'delete', pod });
    if (isOrdered && !isAvailable(snapshot, pod)) return { steps, mustWait: true };
    const labels = pod && !isTerminating(pod) ? missingIdentity(pod, ordinal) : undefined;
    if (labels) steps.push({ kind: 'label', pod: pod!, labels });
  }
  return { steps, mustWait: false };
};

/** One at a time, and only while the others are well: but the first that is unwell may go. */
const removeCondemned = (
  snapshot: StatefulSnapshot,
  replicas: readonly Replica[],
  condemned: readonly Stored<Pod>[],
  isOrdered: boolean,
): Progress => {
  const alive = condemned.filter((pod) => !isTerminating(pod));
  if (!isOrdered) return { steps: alive.map((pod) => ({ kind: 'delete', pod })), mustWait: false };
  const [next] = condemned;
  if (!next) return { steps: [], mustWait: false };
  const isFirstUnwell = next === firstUnwell(snapshot, replicas, condemned);
  // Kubernetes waits for ever for one that has failed, and can become ready no more.
  const isSettled = isAvailable(snapshot, next) || isFirstUnwell || isPodFinished(next);
  const mayGo = !isTerminating(next) && isSettled;
  return { steps: mayGo ? [{ kind: 'delete', pod: next }] : [], mustWait: true };
};

const firstUnwell = (
  snapshot: StatefulSnapshot,
  replicas: readonly Replica[],
  condemned: readonly Stored<Pod>[],
): Stored<Pod> | undefined => {
  const unwell = replicas.find(({ pod }) => !isAvailable(snapshot, pod));
  return unwell ? unwell.pod : condemned.toReversed().find((pod) => !isAvailable(snapshot, pod));
};

/** From the highest ordinal down to the partition, as many as may be unavailable at once. */
const rollOut = (snapshot: StatefulSnapshot, replicas: readonly Replica[]): readonly StatefulStep[] => {
  const { set, updateRevision } = snapshot;
  if (set.spec?.updateStrategy?.type === 'OnDelete') return [];
  const { partition = 0, maxUnavailable = 1 } = set.spec?.updateStrategy?.rollingUpdate ?? {};
  const most = Math.max(1, share(maxUnavailable, replicas.length, Math.floor));
  const unavailable = replicas.filter(({ pod }) => !isAvailable(snapshot, pod)).length;
  return replicas
    .toReversed()
    .flatMap(({ ordinal, pod }) => (pod && ordinal - startOrdinal(set) >= partition ? [pod] : []))
    .filter((pod) => revisionOf(pod) !== updateRevision && !isTerminating(pod))
    .slice(0, Math.max(0, most - unavailable))
    .map((pod) => ({ kind: 'delete', pod }));
};

/** Below the partition a pod comes back as it was. */
const revisionFor = ({ set, currentRevision, updateRevision }: StatefulSnapshot, ordinal: number): string => {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type !== 'RollingUpdate') return updateRevision;
  const kept = rollingUpdate ? (rollingUpdate.partition ?? 0) : (set.status?.currentReplicas ?? 0);
  return ordinal < startOrdinal(set) + kept ? currentRevision : updateRevision;
};

const isTerminating = ({ metadata }: Stored<Pod>): boolean => metadata.deletionTimestamp !== undefined;

const isAvailable = ({ set, nowMs }: StatefulSnapshot, pod: Stored<Pod> | undefined): boolean =>
  pod !== undefined &&
  !isTerminating(pod) &&
  pod.status?.phase === 'Running' &&
  podAvailableAtMs(pod, set.spec?.minReadySeconds ?? 0) <= nowMs;

export const revisionOf = ({ metadata }: Stored<Pod>): string => metadata.labels?.[REVISION_LABEL] ?? '';
