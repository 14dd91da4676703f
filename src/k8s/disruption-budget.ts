// What the eviction API and the disruption controller both know of PodDisruptionBudgets.
import type { Condition, PodDisruptionBudget } from './generated/types.ts';
import { formatTime } from './time.ts';

export type BudgetStatus = NonNullable<PodDisruptionBudget['status']>;

const TYPE = 'DisruptionAllowed';

export const disruptionCondition = ({ conditions }: BudgetStatus): Condition | undefined =>
  conditions?.find(({ type }) => type === TYPE);

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

const verdictOf = ({ disruptionsAllowed = 0 }: BudgetStatus): Verdict =>
  disruptionsAllowed > 0
    ? { status: 'True', reason: 'SufficientPods', message: '' }
    : { status: 'False', reason: 'InsufficientPods', message: '' };

/** The status with the condition DisruptionAllowed as its numbers say, or as `verdict` does. */
export const withDisruptionCondition = (
  status: BudgetStatus,
  nowMs: number,
  verdict: Verdict = verdictOf(status),
): BudgetStatus => {
  const before = disruptionCondition(status);
  const isSame = before?.status === verdict.status;
  const condition: Condition = {
    type: TYPE,
    ...verdict,
    ...(status.observedGeneration !== undefined && { observedGeneration: status.observedGeneration }),
    lastTransitionTime: isSame ? before.lastTransitionTime : formatTime(nowMs),
  };
  const others = (status.conditions ?? []).filter(({ type }) => type !== TYPE);
  return { ...status, conditions: [...others, condition] };
};
