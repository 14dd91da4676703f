// A Deployment's status: counts from its ReplicaSets, and the conditions that `kubectl rollout status` reads.
// kubernetes pkg/controller/deployment/{progress,sync}.go (1.36).
import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { formatTime, parseTime } from '../../k8s/time.ts';
import { withCondition, withoutCondition } from './conditions.ts';
import type { Conditions } from './conditions.ts';
import { replicasOf, strategyOf } from './select.ts';
import type { RolloutSets } from './select.ts';

export type StatusFacts = RolloutSets & {
  readonly deployment: Stored<Deployment>;
  /** What this step did to the newest ReplicaSet, if it did something that a condition tells of. */
  readonly created?: { readonly name: string } | { readonly failure: string } | undefined;
  readonly nowMs: number;
};

export const compileStatus = (facts: StatusFacts): DeploymentStatus => {
  const { deployment } = facts;
  const counts = countsOf(facts);
  const conditions = replicaFailure(facts, progressing(facts, counts, available(facts, counts)));
  return {
    ...counts,
    observedGeneration: deployment.metadata.generation,
    ...(deployment.status?.collisionCount ? { collisionCount: deployment.status.collisionCount } : {}),
    conditions,
  };
};

/** When the progress deadline passes; undefined when there is none to wait for. */
export const deadlineMs = ({ spec }: Stored<Deployment>, status: DeploymentStatus): number | undefined => {
  const condition = status.conditions?.find(({ type }) => type === 'Progressing');
  const waits = condition?.status === 'True' && condition.reason !== 'NewReplicaSetAvailable';
  if (!waits || spec?.progressDeadlineSeconds === undefined) return undefined;
  return parseTime(condition.lastUpdateTime) + spec.progressDeadlineSeconds * 1000;
};

type Counts = {
  readonly [
    count in
      | 'replicas'
      | 'updatedReplicas'
      | 'readyReplicas'
      | 'availableReplicas'
      | 'unavailableReplicas'
      | 'terminatingReplicas'
  ]: number;
};

const countsOf = ({ newSet, oldSets }: StatusFacts): Counts => {
  const all = newSet ? [...oldSets, newSet] : oldSets;
  const sum = (of: (set: Stored<ReplicaSet>) => number | undefined): number =>
    all.reduce((total, set) => total + (of(set) ?? 0), 0);
  const availableReplicas = sum(({ status }) => status?.availableReplicas);
  return {
    replicas: sum(({ status }) => status?.replicas),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: sum(({ status }) => status?.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, sum(replicasOf) - availableReplicas),
    terminatingReplicas: sum(({ status }) => status?.terminatingReplicas),
  };
};

const available = ({ deployment, nowMs }: StatusFacts, counts: Counts): Conditions => {
  const strategy = strategyOf(deployment);
  const maxUnavailable = strategy.kind === 'RollingUpdate' ? strategy.maxUnavailable : 0;
  const isAvailable = counts.availableReplicas >= replicasOf(deployment) - maxUnavailable;
  return withCondition(
    deployment.status?.conditions ?? [],
    isAvailable
      ? {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
        }
      : {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
        },
    nowMs,
  );
};

const progressing = (facts: StatusFacts, counts: Counts, conditions: Conditions): Conditions => {
  const { deployment, nowMs } = facts;
  if (deployment.spec?.progressDeadlineSeconds === undefined)
    return withoutCondition(conditions, 'Progressing');
  const before = conditions.find(({ type }) => type === 'Progressing');
  const told = creationCondition(facts) ?? pauseCondition(deployment, before);
  if (told) return withCondition(conditions, { type: 'Progressing', ...told }, nowMs);
  if (deployment.spec.paused === true || deployment.metadata.deletionTimestamp !== undefined)
    return conditions;
  const isDone = before?.reason === 'NewReplicaSetAvailable' && counts.replicas === counts.updatedReplicas;
  const next = isDone ? undefined : progressCondition(facts, counts, before);
  if (!next) return conditions;
  // Progress renews the condition although its reason is the same: the deadline counts from the last progress.
  const kept = next.reason === 'ReplicaSetUpdated' ? renewable(conditions, before) : conditions;
  return withCondition(kept, { type: 'Progressing', ...next }, nowMs);
};

type Told = Pick<DeploymentCondition, 'status' | 'reason' | 'message'>;

const creationCondition = ({ created }: StatusFacts): Told | undefined => {
  if (!created) return undefined;
  if ('failure' in created) {
    return { status: 'False', reason: 'ReplicaSetCreateError', message: created.failure };
  }
  const message = `Created new replica set "${created.name}"`;
  return { status: 'True', reason: 'NewReplicaSetCreated', message };
};

/** So that the time in pause is not taken for lack of progress. */
const pauseCondition = (
  { spec }: Stored<Deployment>,
  before: DeploymentCondition | undefined,
): Told | undefined => {
  const wasPaused = before?.reason === 'DeploymentPaused';
  if (before?.reason === 'ProgressDeadlineExceeded' || (spec?.paused === true) === wasPaused)
    return undefined;
  return wasPaused
    ? { status: 'Unknown', reason: 'DeploymentResumed', message: 'Deployment is resumed' }
    : { status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' };
};

const progressCondition = (
  { deployment, newSet, nowMs }: StatusFacts,
  counts: Counts,
  before: DeploymentCondition | undefined,
): Told | undefined => {
  const subject = newSet
    ? `ReplicaSet "${newSet.metadata.name}"`
    : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, counts)) {
    const message = `${subject} has successfully progressed.`;
    return { status: 'True', reason: 'NewReplicaSetAvailable', message };
  }
  if (hasProgressed(deployment.status, counts)) {
    return { status: 'True', reason: 'ReplicaSetUpdated', message: `${subject} is progressing.` };
  }
  if (hasTimedOut(deployment, before, nowMs)) {
    const message = `${subject} has timed out progressing.`;
    return { status: 'False', reason: 'ProgressDeadlineExceeded', message };
  }
  if (before || !newSet) return undefined;
  const message = `Found new replica set "${newSet.metadata.name}"`;
  return { status: 'True', reason: 'FoundNewReplicaSet', message };
};

const isComplete = (deployment: Stored<Deployment>, counts: Counts): boolean => {
  const replicas = replicasOf(deployment);
  const { updatedReplicas, replicas: all, availableReplicas } = counts;
  return updatedReplicas === replicas && all === replicas && availableReplicas === replicas;
};

const hasProgressed = (before: DeploymentStatus | undefined, after: Counts): boolean => {
  const old = (status: Partial<Counts>): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  const was = (before ?? {}) as Partial<Counts>;
  return (
    after.updatedReplicas > (was.updatedReplicas ?? 0) ||
    old(after) < old(was) ||
    after.readyReplicas > (was.readyReplicas ?? 0) ||
    after.availableReplicas > (was.availableReplicas ?? 0)
  );
};

const hasTimedOut = (
  { spec }: Stored<Deployment>,
  before: DeploymentCondition | undefined,
  nowMs: number,
): boolean => {
  if (!before || before.reason === 'NewReplicaSetAvailable') return false;
  if (before.reason === 'ProgressDeadlineExceeded') return true;
  return parseTime(before.lastUpdateTime) + spec!.progressDeadlineSeconds! * 1000 < nowMs;
};

const renewable = (conditions: Conditions, before: DeploymentCondition | undefined): Conditions =>
  before ? conditions.map((each) => (each === before ? { ...before, reason: '' } : each)) : conditions;

/** The newest ReplicaSet's failure to make pods shows on the Deployment; else any other's. */
const replicaFailure = ({ newSet, oldSets, nowMs }: StatusFacts, conditions: Conditions): Conditions => {
  const failures = [...(newSet ? [newSet] : []), ...oldSets].flatMap(({ status }) =>
    (status?.conditions ?? []).filter(({ type }) => type === 'ReplicaFailure'),
  );
  const [first] = failures;
  if (!first) return withoutCondition(conditions, 'ReplicaFailure');
  const lastUpdateTime = first.lastTransitionTime ?? formatTime(nowMs);
  return withCondition(conditions, { ...first, lastUpdateTime }, nowMs);
};
