// A Deployment's replicas changed, perhaps in the middle of a rollout or while it is paused: each ReplicaSet gets its
// share. kubernetes pkg/controller/deployment/sync.go scale() (1.36).
import type { Rollout, SetSize } from './select.ts';
import type { DeploymentChange } from './state.ts';

export const compileScaling = (rollout: Rollout): readonly DeploymentChange[] => {
  const { newSet, oldSets, replicas, strategy } = rollout;
  const single = activeOrLatest(rollout);
  if (single) return changesTo([{ set: single, to: replicas }], replicas);
  if (newSet && isSaturated(newSet, replicas)) return oldSets.filter(isActive).map((set) => scale(set, 0));
  if (strategy.kind === 'Recreate') return [];
  const sets = [...oldSets, ...(newSet ? [newSet] : [])].filter(isActive);
  return changesTo(proportionalSizes(rollout, sets, strategy.maxSurge), replicas);
};

/** The only ReplicaSet that has pods, or the newest if none has; undefined while several have. */
const activeOrLatest = ({ newSet, oldSets }: Rollout): SetSize | undefined => {
  const active = [...oldSets, ...(newSet ? [newSet] : [])].filter(isActive);
  if (active.length === 0) return newSet ?? oldSets.at(-1);
  return active.length === 1 ? active[0] : undefined;
};

const isSaturated = (set: SetSize, replicas: number): boolean =>
  set.desiredReplicas === replicas && set.replicas === replicas && set.available === replicas;

type Resized = { readonly set: SetSize; readonly to: number };

/** Shares by size, the largest first; what rounding leaves over goes to the largest. */
const proportionalSizes = (
  rollout: Rollout,
  sets: readonly SetSize[],
  maxSurge: number,
): readonly Resized[] => {
  const allowed = rollout.replicas > 0 ? rollout.replicas + maxSurge : 0;
  const toAdd = allowed - sets.reduce((sum, { replicas }) => sum + replicas, 0);
  let added = 0;
  const sizes = bySize(sets, toAdd).map((set) => {
    const share = shareOf(set, rollout, { allowed, toAdd, added });
    added += share;
    return { set, to: set.replicas + share };
  });
  const leftOver = toAdd - added;
  return sizes.map(({ set, to }, index) => ({ set, to: index === 0 ? Math.max(0, to + leftOver) : to }));
};

/** Of equals the newest first when growing and the oldest first when shrinking: the new template is favoured. */
const bySize = (sets: readonly SetSize[], toAdd: number): readonly SetSize[] => {
  const inAge = toAdd > 0 ? sets.toReversed() : [...sets];
  return inAge.sort((a, b) => b.replicas - a.replicas);
};

type Budget = { readonly allowed: number; readonly toAdd: number; readonly added: number };

const shareOf = (set: SetSize, rollout: Rollout, { allowed, toAdd, added }: Budget): number => {
  const left = toAdd - added;
  if (left === 0) return 0;
  if (rollout.replicas === 0) return Math.max(-set.replicas, left);
  const base = set.maxReplicas ?? rollout.statusReplicas;
  const share = base > 0 ? Math.round((set.replicas * allowed) / base) - set.replicas : left;
  return toAdd > 0 ? Math.max(0, Math.min(share, left)) : Math.min(0, Math.max(share, left));
};

const changesTo = (sizes: readonly Resized[], replicas: number): readonly DeploymentChange[] =>
  sizes
    .filter(({ set, to }) => set.replicas !== to || set.desiredReplicas !== replicas)
    .map(({ set, to }) => scale(set, to));

const scale = ({ name, replicas }: SetSize, to: number): DeploymentChange => ({
  kind: 'scale',
  name,
  from: replicas,
  to,
});

const isActive = ({ replicas }: SetSize): boolean => replicas > 0;
