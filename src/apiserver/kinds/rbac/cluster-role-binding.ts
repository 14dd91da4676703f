import type { ClusterRoleBinding } from '../../../k8s/generated/types.ts';
import { clusterRoleBindings } from '../../../k8s/resources.ts';
import { refuseBindingEscalation } from '../../auth/rbac/refuse-escalation.ts';
import { roleCell, subjectCells } from '../../columns/binding-cells.ts';
import { AGE, NAME, ageCell, nameCell, texts, wide } from '../../columns/columns.ts';
import { defaultBinding } from '../../defaults/binding.ts';
import { validateClusterRoleBinding, validateRoleRefUpdate } from '../../validation/rbac.ts';
import { defineKind } from '../define-kind.ts';

export const clusterRoleBindingKind = defineKind<ClusterRoleBinding>({
  resource: clusterRoleBindings,
  singular: 'clusterrolebinding',
  shortNames: [],
  categories: [],
  definition: 'io.k8s.api.rbac.v1.ClusterRoleBinding',
  nameRule: 'path',
  subresources: [],
  columns: [NAME, ...texts('Role'), AGE, ...wide('Users', 'Groups', 'ServiceAccounts')],
  row: (binding, nowMs) => [
    nameCell(binding),
    roleCell(binding),
    ageCell(binding, nowMs),
    ...subjectCells(binding),
  ],
  fields: {},
  applyDefaults: defaultBinding,
  prepareForCreate: (after, context) =>
    refuseBindingEscalation({ ...context, resource: clusterRoleBindings, after, before: undefined }),
  prepareForUpdate: (after, before, context) =>
    refuseBindingEscalation({ ...context, resource: clusterRoleBindings, after, before }),
  validate: validateClusterRoleBinding,
  validateUpdate: validateRoleRefUpdate,
});
