// The conditions in a definition's status.
// Source: k8s.io/apiextensions-apiserver/pkg/apihelpers/helpers.go.
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
} from '../../../k8s/generated/types.ts';
import { formatTime } from '../../../k8s/time.ts';

export type Condition = Pick<CustomResourceDefinitionCondition, 'type' | 'status' | 'reason' | 'message'>;

export const conditionOf = (
  { status }: CustomResourceDefinition,
  type: string,
): CustomResourceDefinitionCondition | undefined => status?.conditions?.find((each) => each.type === type);

export const isTrue = (definition: CustomResourceDefinition, type: string): boolean =>
  conditionOf(definition, type)?.status === 'True';

export const isEstablished = (definition: CustomResourceDefinition): boolean =>
  isTrue(definition, 'Established');

/** The definition with the condition, which keeps its time as long as its status stays. */
export const withCondition = (
  definition: CustomResourceDefinition,
  condition: Condition,
  nowMs: number,
): CustomResourceDefinition => {
  const before = conditionOf(definition, condition.type);
  const lastTransitionTime =
    before?.status === condition.status ? before.lastTransitionTime : formatTime(nowMs);
  const renewed = { ...before, lastTransitionTime, ...condition };
  const conditions = definition.status?.conditions ?? [];
  const all = before
    ? conditions.map((each) => (each === before ? renewed : each))
    : [...conditions, renewed];
  return { ...definition, status: { ...definition.status, conditions: all } };
};
