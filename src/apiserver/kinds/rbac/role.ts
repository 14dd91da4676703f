import type { Role } from '../../../k8s/generated/types.ts';
import { roles } from '../../../k8s/resources.ts';
import { validateRole } from '../../validation/rbac.ts';
import { defineKind } from '../define-kind.ts';
import { roleRow } from './role-row.ts';

export const roleKind = defineKind<Role>({
  ...roleRow(roles),
  definition: 'io.k8s.api.rbac.v1.Role',
  validate: validateRole,
});
