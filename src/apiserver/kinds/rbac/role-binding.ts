import type { RoleBinding } from '../../../k8s/generated/types.ts';
import { roleBindings } from '../../../k8s/resources.ts';
import { validateRoleBinding } from '../../validation/rbac.ts';
import { defineKind } from '../define-kind.ts';
import { bindingRow } from './binding-row.ts';

export const roleBindingKind = defineKind<RoleBinding>({
  ...bindingRow(roleBindings),
  definition: 'io.k8s.api.rbac.v1.RoleBinding',
  validate: validateRoleBinding,
});
