// Setting a Deployment's conditions: times change only when the condition says something new.
import type { DeploymentCondition } from '../../k8s/generated/types.ts';
import { formatTime } from '../../k8s/time.ts';

export type Conditions = readonly DeploymentCondition[];

/** The condition with times; the same status and reason leave everything as it is, the same status keeps its transition time. */
export const withCondition = (
  conditions: Conditions,
  condition: DeploymentCondition,
  nowMs: number,
): Conditions => {
  const before = conditions.find(({ type }) => type === condition.type);
  if (before?.status === condition.status && before.reason === condition.reason) return conditions;
  const now = formatTime(nowMs);
  const lastTransitionTime =
    before?.status === condition.status ? before.lastTransitionTime : (condition.lastTransitionTime ?? now);
  return [
    ...withoutCondition(conditions, condition.type),
    { ...condition, lastUpdateTime: condition.lastUpdateTime ?? now, lastTransitionTime },
  ];
};

export const withoutCondition = (conditions: Conditions, type: string): Conditions =>
  conditions.filter((condition) => condition.type !== type);
