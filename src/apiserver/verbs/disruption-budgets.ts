// Whether a pod's PodDisruptionBudget lets it be evicted, and the budget after that.
// Source: k8s.io/kubernetes/pkg/registry/core/pod/storage/eviction.go (1.36). Pure.
import { ApiError, failure } from '../../k8s/api-error.ts';
import { disruptionCondition, withDisruptionCondition } from '../../k8s/disruption-budget.ts';
import type { BudgetStatus } from '../../k8s/disruption-budget.ts';
import type { Pod, PodDisruptionBudget } from '../../k8s/generated/types.ts';
import { labelSelectorMatches } from '../../k8s/labels.ts';
import type { Stored } from '../../k8s/objects.ts';
import { isPodFinished, isPodReady } from '../../k8s/pod-state.ts';
import { podDisruptionBudgets } from '../../k8s/resources.ts';
import { formatTime } from '../../k8s/time.ts';
import { forbidden } from '../status-errors.ts';

type Budget = Stored<PodDisruptionBudget>;

/** So many evictions without a deletion are too many. */
const DISRUPTED_PODS_MAX = 2000;

/**
 * The budget that pays for the eviction, as it is after it; undefined if none has to. `budgets`: all of the namespace.
 * Throws ApiError 429 if there is no disruption left, 500 if more than one budget selects the pod.
 */
export const budgetAfterEviction = (
  pod: Stored<Pod>,
  budgets: readonly Budget[],
  nowMs: number,
): Budget | undefined => {
  if (isGoingAnyway(pod)) return undefined;
  const [budget, ...others] = budgets.filter(({ spec }) =>
    labelSelectorMatches(spec?.selector, pod.metadata.labels),
  );
  if (others.length > 0) throw moreThanOne();
  if (!budget || (!isPodReady(pod) && lendsUnready(budget))) return undefined;
  checkAllows(budget);
  return spent(budget, pod.metadata.name, nowMs);
};

/** It has ended, has not begun, or is being deleted: its eviction disrupts nothing. */
const isGoingAnyway = (pod: Stored<Pod>): boolean =>
  isPodFinished(pod) || pod.status?.phase === 'Pending' || pod.metadata.deletionTimestamp !== undefined;

/** A pod that is not ready is not counted as healthy: does its eviction cost anything? */
const lendsUnready = ({ spec, status }: Budget): boolean => {
  const { desiredHealthy = 0, currentHealthy = 0 } = status ?? {};
  const isEnough = desiredHealthy > 0 && currentHealthy >= desiredHealthy;
  return spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow' || isEnough;
};

const checkAllows = (budget: Budget): void => {
  const { name, generation = 0 } = budget.metadata;
  const { observedGeneration = 0, disruptionsAllowed = 0, disruptedPods } = budget.status ?? {};
  if (observedGeneration < generation)
    throw tooMany(`The disruption budget ${name} is still being processed by the server.`, 10);
  if (disruptionsAllowed < 0)
    throw forbidden(podDisruptionBudgets, name, 'pdb disruptions allowed is negative');
  if (Object.keys(disruptedPods ?? {}).length > DISRUPTED_PODS_MAX)
    throw forbidden(
      podDisruptionBudgets,
      name,
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    );
  if (disruptionsAllowed === 0) throw tooMany(whyNone(name, budget.status!));
};

const whyNone = (name: string, status: BudgetStatus): string => {
  const { reason, message } = disruptionCondition(status) ?? {};
  const prefix = `The disruption budget ${name} does not allow evicting pods currently`;
  if (reason === 'SyncFailed' && message) return `${prefix} because it failed sync: ${message}`;
  const { desiredHealthy = 0, currentHealthy = 0 } = status;
  if (currentHealthy <= desiredHealthy)
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  return message ? `${prefix} (${reason}): ${message}` : prefix;
};

const spent = (budget: Budget, pod: string, nowMs: number): Budget => {
  const before = budget.status!;
  const status: BudgetStatus = {
    ...before,
    disruptionsAllowed: (before.disruptionsAllowed ?? 0) - 1,
    disruptedPods: { ...before.disruptedPods, [pod]: formatTime(nowMs) },
  };
  const isLast = status.disruptionsAllowed === 0;
  return { ...budget, status: isLast ? withDisruptionCondition(status, nowMs) : status };
};

const tooMany = (why: string, retryAfterSeconds?: number): ApiError =>
  new ApiError(
    failure(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
      causes: [{ reason: 'DisruptionBudget', message: why }],
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    }),
  );

const moreThanOne = (): ApiError =>
  new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message:
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    code: 500,
  });
