// A ReplicaSet's status, counted from its pods.
import type { Pod, ReplicaSetCondition, ReplicaSetStatus } from '../../k8s/generated/types.ts';
import { labelSelectorMatches } from '../../k8s/labels.ts';
import type { Stored } from '../../k8s/objects.ts';
import { isPodActive, isPodFinished, isPodReady, podAvailableAtMs } from '../../k8s/pod-state.ts';
import { formatTime } from '../../k8s/time.ts';
import type { WriteFailure } from '../pods/write.ts';
import type { Replicated } from './kinds.ts';

export type StatusFacts = {
  readonly owner: Stored<Replicated>;
  /** All pods that the ReplicaSet owns. */
  readonly pods: readonly Stored<Pod>[];
  /** Why this round could not create or delete; undefined takes an older failure away. */
  readonly failure: WriteFailure | undefined;
  readonly nowMs: number;
};

export const compileStatus = (facts: StatusFacts): ReplicaSetStatus => {
  const { owner, pods, nowMs } = facts;
  const { spec, metadata } = owner;
  const active = pods.filter(isPodActive);
  const templateLabels = { matchLabels: spec?.template?.metadata?.labels ?? {} };
  const availableAt = active.map((pod) => podAvailableAtMs(pod, spec?.minReadySeconds ?? 0));
  const conditions = conditionsOf(facts);
  return {
    replicas: active.length,
    fullyLabeledReplicas: count(active, (pod) => labelSelectorMatches(templateLabels, pod.metadata.labels)),
    readyReplicas: count(active, isPodReady),
    availableReplicas: count(availableAt, (atMs) => atMs <= nowMs),
    terminatingReplicas: count(pods, (pod) => !isPodActive(pod) && !isPodFinished(pod)),
    observedGeneration: metadata.generation,
    ...(conditions.length > 0 ? { conditions } : {}),
  };
};

/** When the next ready pod becomes available by minReadySeconds; undefined if none waits. */
export const nextAvailableMs = ({ owner, pods, nowMs }: StatusFacts): number | undefined => {
  const minReadySeconds = owner.spec?.minReadySeconds ?? 0;
  const waiting = pods
    .filter(isPodActive)
    .map((pod) => podAvailableAtMs(pod, minReadySeconds))
    .filter((atMs) => atMs > nowMs && atMs < Infinity);
  return waiting.length > 0 ? Math.min(...waiting) : undefined;
};

const conditionsOf = ({ owner, failure, nowMs }: StatusFacts): readonly ReplicaSetCondition[] => {
  const before = owner.status?.conditions ?? [];
  const others = before.filter(({ type }) => type !== 'ReplicaFailure');
  if (!failure) return others;
  const present = before.find(({ type, reason }) => type === 'ReplicaFailure' && reason === failure.reason);
  if (present) return before;
  const lastTransitionTime = formatTime(nowMs);
  return [...others, { type: 'ReplicaFailure', status: 'True', lastTransitionTime, ...failure }];
};

const count = <T>(items: readonly T[], test: (item: T) => boolean): number => items.filter(test).length;
