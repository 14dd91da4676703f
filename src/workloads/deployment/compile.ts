// The next step of a Deployment: which ReplicaSet to create, scale or delete. One step at a time: the next one follows
// when the ReplicaSets report back. kubernetes pkg/controller/deployment/{rolling,recreate,sync}.go (1.36).
import { compileScaling } from './scaling.ts';
import type { Rollout, SetSize } from './select.ts';
import type { DeploymentChange } from './state.ts';

export const compileDeployment = (rollout: Rollout): readonly DeploymentChange[] => {
  if (rollout.isDeleting) return [];
  if (rollout.isPaused) return [...compileScaling(rollout), ...cleanUp(rollout)];
  if (wasScaled(rollout)) return compileScaling(rollout);
  const step = rollout.strategy.kind === 'Recreate' ? recreate(rollout) : roll(rollout, rollout.strategy);
  return step.length === 0 && isComplete(rollout) ? cleanUp(rollout) : step;
};

/** A user changed the number of replicas, which is not a rollout: all sizes follow in proportion. */
const wasScaled = ({ newSet, oldSets, replicas }: Rollout): boolean =>
  activeOf([...oldSets, ...(newSet ? [newSet] : [])]).some(
    ({ desiredReplicas }) => desiredReplicas !== undefined && desiredReplicas !== replicas,
  );

const recreate = (rollout: Rollout): readonly DeploymentChange[] => {
  const { newSet, oldSets, replicas } = rollout;
  const down = activeOf(oldSets).map((set) => scale(set, 0));
  if (down.length > 0) return down;
  if (rollout.oldPodsRun) return [];
  if (!newSet) return [{ kind: 'create', replicas }];
  return newSet.replicas === replicas ? [] : [scale(newSet, replicas)];
};

type Rolling = { readonly maxSurge: number; readonly maxUnavailable: number };

const roll = (rollout: Rollout, rolling: Rolling): readonly DeploymentChange[] => {
  const { newSet, replicas } = rollout;
  const size = newSetSize(rollout, rolling);
  if (!newSet) return [{ kind: 'create', replicas: size }];
  if (newSet.replicas > replicas) return [scale(newSet, replicas)];
  if (size > newSet.replicas) return [scale(newSet, size)];
  return scaleDownOld(rollout, newSet, rolling);
};

/** As large as the surge allows, never larger than wanted. */
const newSetSize = ({ newSet, oldSets, replicas }: Rollout, { maxSurge }: Rolling): number => {
  const present = newSet?.replicas ?? 0;
  const free = replicas + maxSurge - present - total(oldSets);
  return present + Math.max(0, Math.min(free, replicas - present));
};

/**
 * Old pods go as new ones become available. A new pod that is not available holds back an old one: the bound is kept
 * even if all that are unavailable were new.
 */
const scaleDownOld = (
  { replicas, oldSets }: Rollout,
  newSet: SetSize,
  { maxUnavailable }: Rolling,
): readonly DeploymentChange[] => {
  const minAvailable = replicas - maxUnavailable;
  const newUnavailable = newSet.replicas - newSet.available;
  const removable = total(oldSets) + newSet.replicas - minAvailable - newUnavailable;
  if (removable <= 0) return [];
  const healthy = removeUnhealthy(activeOf(oldSets), removable);
  const available = sum(oldSets, (set) => set.available) + newSet.available;
  const sizes = removeAvailable(healthy, available - minAvailable);
  return activeOf(oldSets).flatMap((set) => {
    const to = sizes.get(set.name)!;
    return to < set.replicas ? [scale(set, to)] : [];
  });
};

type Sizes = ReadonlyMap<string, number>;

/** Pods that are not available go first: they would only hold the rollout up. */
const removeUnhealthy = (sets: readonly SetSize[], limit: number): Sizes => {
  let left = limit;
  return new Map(
    sets.map(({ name, replicas, available }) => {
      const removed = Math.max(0, Math.min(left, replicas - available));
      left -= removed;
      return [name, replicas - removed];
    }),
  );
};

const removeAvailable = (sizes: Sizes, limit: number): Sizes => {
  let left = Math.max(0, limit);
  return new Map(
    [...sizes].map(([name, replicas]) => {
      const removed = Math.min(left, replicas);
      left -= removed;
      return [name, replicas - removed];
    }),
  );
};

const isComplete = ({ newSet, oldSets, replicas }: Rollout): boolean =>
  newSet !== undefined &&
  newSet.actual === replicas &&
  newSet.available === replicas &&
  oldSets.every(({ actual, available }) => actual === 0 && available === 0);

/** Keeps the newest `historyLimit` empty old ReplicaSets for `kubectl rollout undo`. */
const cleanUp = ({ oldSets, historyLimit }: Rollout): readonly DeploymentChange[] => {
  if (historyLimit === undefined) return [];
  const kept = oldSets.filter(({ isDeleting }) => !isDeleting);
  return kept
    .slice(0, Math.max(0, kept.length - historyLimit))
    .filter(({ replicas, actual, isObserved }) => replicas === 0 && actual === 0 && isObserved)
    .map(({ name }) => ({ kind: 'delete', name }));
};

const scale = ({ name, replicas }: SetSize, to: number): DeploymentChange => ({
  kind: 'scale',
  name,
  from: replicas,
  to,
});

const activeOf = (sets: readonly SetSize[]): readonly SetSize[] =>
  sets.filter(({ replicas }) => replicas > 0);
const sum = (sets: readonly SetSize[], of: (set: SetSize) => number): number =>
  sets.reduce((all, set) => all + of(set), 0);
const total = (sets: readonly SetSize[]): number => sum(sets, ({ replicas }) => replicas);
