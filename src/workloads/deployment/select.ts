// A Deployment and its ReplicaSets, cut down to the numbers that a rollout turns on.
import type { Deployment, ReplicaSet } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { share } from '../share.ts';
import { desiredReplicasOf, maxReplicasOf } from './annotations.ts';
import { byAge, findNewReplicaSet } from './template.ts';

export type Strategy =
  | { readonly kind: 'Recreate' }
  | { readonly kind: 'RollingUpdate'; readonly maxSurge: number; readonly maxUnavailable: number };

export type SetSize = {
  readonly name: string;
  readonly replicas: number;
  /** Of status: pods that exist, and pods that are available. */
  readonly actual: number;
  readonly available: number;
  readonly desiredReplicas: number | undefined;
  readonly maxReplicas: number | undefined;
  /** Its controller has seen its newest spec. */
  readonly isObserved: boolean;
  readonly isDeleting: boolean;
};

export type Rollout = {
  readonly replicas: number;
  readonly strategy: Strategy;
  readonly isPaused: boolean;
  readonly isDeleting: boolean;
  /** Undefined: keep all. */
  readonly historyLimit: number | undefined;
  readonly newSet: SetSize | undefined;
  /** Oldest first. */
  readonly oldSets: readonly SetSize[];
  /** Recreate waits for the last of them. */
  readonly oldPodsRun: boolean;
  /** Of the Deployment's status. */
  readonly statusReplicas: number;
};

export type RolloutSets = {
  readonly newSet: Stored<ReplicaSet> | undefined;
  readonly oldSets: readonly Stored<ReplicaSet>[];
};

export const splitSets = (
  deployment: Stored<Deployment>,
  owned: readonly Stored<ReplicaSet>[],
): RolloutSets => {
  const newSet = findNewReplicaSet(deployment, owned);
  return { newSet, oldSets: owned.filter((each) => each !== newSet).sort(byAge) };
};

export const selectRollout = (
  deployment: Stored<Deployment>,
  { newSet, oldSets }: RolloutSets,
  oldPodsRun: boolean,
): Rollout => {
  const { spec, status, metadata } = deployment;
  return {
    replicas: replicasOf(deployment),
    strategy: strategyOf(deployment),
    isPaused: spec?.paused === true,
    isDeleting: metadata.deletionTimestamp !== undefined,
    historyLimit: spec?.revisionHistoryLimit,
    newSet: newSet && sizeOf(newSet),
    oldSets: oldSets.map(sizeOf),
    oldPodsRun,
    statusReplicas: status?.replicas ?? 0,
  };
};

export const replicasOf = ({ spec }: Stored<Deployment> | Stored<ReplicaSet>): number => spec?.replicas ?? 1;

/** Surge rounds up and unavailability down; both zero would never move, so then one may be unavailable. */
export const strategyOf = (deployment: Stored<Deployment>): Strategy => {
  const { type, rollingUpdate } = deployment.spec?.strategy ?? {};
  if (type === 'Recreate') return { kind: 'Recreate' };
  const replicas = replicasOf(deployment);
  const maxSurge = share(rollingUpdate?.maxSurge ?? '25%', replicas, Math.ceil);
  const floor = share(rollingUpdate?.maxUnavailable ?? '25%', replicas, Math.floor);
  const maxUnavailable = Math.min(floor === 0 && maxSurge === 0 ? 1 : floor, replicas);
  return { kind: 'RollingUpdate', maxSurge, maxUnavailable };
};

const sizeOf = (replicaSet: Stored<ReplicaSet>): SetSize => {
  const { metadata, status } = replicaSet;
  return {
    name: metadata.name,
    replicas: replicasOf(replicaSet),
    actual: status?.replicas ?? 0,
    available: status?.availableReplicas ?? 0,
    desiredReplicas: desiredReplicasOf(replicaSet),
    maxReplicas: maxReplicasOf(replicaSet),
    isObserved: (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0),
    isDeleting: metadata.deletionTimestamp !== undefined,
  };
};
