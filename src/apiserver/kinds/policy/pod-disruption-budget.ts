import type { PodDisruptionBudget } from '../../../k8s/generated/types.ts';
import { podDisruptionBudgets } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, integers, nameCell, texts } from '../../columns/columns.ts';
import {
  validateDisruptionBudget,
  validateDisruptionBudgetStatus,
} from '../../validation/policy/pod-disruption-budget.ts';
import { defineKind } from '../define-kind.ts';

export const podDisruptionBudgetKind = defineKind<PodDisruptionBudget>({
  resource: podDisruptionBudgets,
  singular: 'poddisruptionbudget',
  shortNames: ['pdb'],
  categories: [],
  definition: 'io.k8s.api.policy.v1.PodDisruptionBudget',
  nameRule: 'dns1123Subdomain',
  subresources: ['status'],
  columns: [NAME, ...texts('Min Available', 'Max Unavailable'), ...integers('Allowed Disruptions'), AGE],
  row: (budget, nowMs) => [
    nameCell(budget),
    String(budget.spec?.minAvailable ?? 'N/A'),
    String(budget.spec?.maxUnavailable ?? 'N/A'),
    budget.status?.disruptionsAllowed ?? 0,
    ageCell(budget, nowMs),
  ],
  fields: {},
  applyDefaults: () => {},
  prepareForCreate: (budget) => {
    budget.status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
  validate: validateDisruptionBudget,
  validateStatus: validateDisruptionBudgetStatus,
});
