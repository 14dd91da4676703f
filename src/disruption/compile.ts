// A PodDisruptionBudget's status from its pods (kubernetes pkg/controller/disruption/disruption.go, 1.36).
import { type BudgetStatus, withDisruptionCondition } from '../k8s/disruption-budget.ts';
import type { IntOrString, Pod, PodDisruptionBudget } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { controllerOf } from '../k8s/owner-references.ts';
import { isPodReady } from '../k8s/pod-state.ts';
import { parseTime } from '../k8s/time.ts';

/** An eviction that has not led to a deletion after this time counts no more. */
const DELETION_MS = 120_000;

export type Scale = { readonly uid: string; readonly replicas: number };

export type BudgetFacts = {
  readonly budget: Stored<PodDisruptionBudget>;
  /** Those that it selects. */
  readonly pods: readonly Stored<Pod>[];
  /** Of what controls the pod: undefined if it is no kind that has a scale, or not there. */
  readonly scaleOf: (pod: Stored<Pod>) => Scale | undefined;
  readonly nowMs: number;
};

export type BudgetPlan = {
  readonly status: BudgetStatus;
  /** When an eviction that is remembered counts no more. */
  readonly recheckMs: number | undefined;
  /** Nobody says how many pods there should be beside these. */
  readonly unmanaged: readonly string[];
};

export const compileBudget = (facts: BudgetFacts): BudgetPlan => {
  const { budget, nowMs } = facts;
  const { disruptedPods, recheckMs } = disruptionsAhead(facts);
  const expected = expectedOf(facts);
  if ('error' in expected) return { status: failedStatus(facts, expected.error), recheckMs, unmanaged: [] };
  const { expectedPods, desiredHealthy, unmanaged } = expected;
  const currentHealthy = facts.pods.filter(
    (pod) => !pod.metadata.deletionTimestamp && !disruptedPods[pod.metadata.name] && isPodReady(pod),
  ).length;
  const status: BudgetStatus = {
    currentHealthy,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed: expectedPods > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0,
    ...(Object.keys(disruptedPods).length > 0 && { disruptedPods }),
    observedGeneration: budget.metadata.generation ?? 0,
    conditions: budget.status?.conditions ?? [],
  };
  return { status: withDisruptionCondition(status, nowMs), recheckMs, unmanaged };
};

type Disruptions = {
  readonly disruptedPods: Readonly<Record<string, string>>;
  readonly recheckMs: number | undefined;
};

/** Pods that an eviction has been granted for and that are not being deleted yet. */
const disruptionsAhead = ({ budget, pods, nowMs }: BudgetFacts): Disruptions => {
  const granted = budget.status?.disruptedPods ?? {};
  const ahead = pods.flatMap(({ metadata: { name, deletionTimestamp } }) => {
    const time = granted[name];
    const endMs = parseTime(time) + DELETION_MS;
    return time !== undefined && !deletionTimestamp && endMs >= nowMs ? [{ name, time, endMs }] : [];
  });
  return {
    disruptedPods: Object.fromEntries(ahead.map(({ name, time }) => [name, time])),
    recheckMs: ahead.length === 0 ? undefined : Math.min(...ahead.map(({ endMs }) => endMs)),
  };
};

type Expected =
  | { readonly error: string }
  | {
      readonly expectedPods: number;
      readonly desiredHealthy: number;
      readonly unmanaged: readonly string[];
    };

/** A number of pods is counted, a share is of what the pods' controllers want. */
const expectedOf = (facts: BudgetFacts): Expected => {
  const { minAvailable, maxUnavailable } = facts.budget.spec ?? {};
  if (maxUnavailable === undefined && typeof minAvailable === 'number')
    return { expectedPods: facts.pods.length, desiredHealthy: minAvailable, unmanaged: [] };
  if (maxUnavailable === undefined && minAvailable === undefined)
    return { expectedPods: 0, desiredHealthy: 0, unmanaged: [] };
  const scale = wantedByControllers(facts);
  if ('error' in scale) return scale;
  const { wanted, unmanaged } = scale;
  const desiredHealthy =
    maxUnavailable === undefined
      ? shareOf(minAvailable!, wanted)
      : Math.max(0, wanted - shareOf(maxUnavailable, wanted));
  return { expectedPods: wanted, desiredHealthy, unmanaged };
};

const shareOf = (value: IntOrString, total: number): number =>
  typeof value === 'string' ? Math.ceil((Number.parseInt(value, 10) * total) / 100) : value;

type Wanted = { readonly error: string } | { readonly wanted: number; readonly unmanaged: readonly string[] };

const wantedByControllers = ({ pods, scaleOf }: BudgetFacts): Wanted => {
  const replicasByUid = new Map<string, number>();
  const unmanaged: string[] = [];
  for (const pod of pods) {
    const scale = controllerOf(pod) && scaleOf(pod);
    if (scale) replicasByUid.set(scale.uid, scale.replicas);
    else if (controllerOf(pod)) return { error: `found no controllers for pod "${pod.metadata.name}"` };
    else unmanaged.push(pod.metadata.name);
  }
  return { wanted: [...replicasByUid.values()].reduce((sum, each) => sum + each, 0), unmanaged };
};

/** Nothing may be evicted while nobody knows how many pods there should be. */
const failedStatus = ({ budget, nowMs }: BudgetFacts, message: string): BudgetStatus =>
  withDisruptionCondition(
    {
      currentHealthy: 0,
      desiredHealthy: 0,
      expectedPods: 0,
      ...budget.status,
      disruptionsAllowed: 0,
    },
    nowMs,
    { status: 'False', reason: 'SyncFailed', message },
  );
