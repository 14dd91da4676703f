import type { RoleBinding } from '../../../k8s/generated/types.ts';
import { roleBindings } from '../../../k8s/resources.ts';
import { refuseBindingEscalation } from '../../auth/rbac/refuse-escalation.ts';
import { roleCell, subjectCells } from '../../columns/binding-cells.ts';
import { AGE, NAME, ageCell, nameCell, texts, wide } from '../../columns/columns.ts';
import { defaultBinding } from '../../defaults/binding.ts';
import { validateRoleBinding, validateRoleRefUpdate } from '../../validation/rbac.ts';
import { defineKind } from '../define-kind.ts';

export const roleBindingKind = defineKind<RoleBinding>({
  resource: roleBindings,
  singular: 'rolebinding',
  shortNames: [],
  categories: [],
  definition: 'io.k8s.api.rbac.v1.RoleBinding',
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
    refuseBindingEscalation({ ...context, resource: roleBindings, after, before: undefined }),
  prepareForUpdate: (after, before, context) =>
    refuseBindingEscalation({ ...context, resource: roleBindings, after, before }),
  validate: validateRoleBinding,
  validateUpdate: validateRoleRefUpdate,
});
