import type { Role } from '../../../k8s/generated/types.ts';
import { roles } from '../../../k8s/resources.ts';
import { refuseRoleEscalation } from '../../auth/rbac/refuse-escalation.ts';
import { CREATED_AT, NAME, createdCell, nameCell } from '../../columns/columns.ts';
import { validateRole } from '../../validation/rbac.ts';
import { defineKind } from '../define-kind.ts';

export const roleKind = defineKind<Role>({
  resource: roles,
  singular: 'role',
  shortNames: [],
  categories: [],
  definition: 'io.k8s.api.rbac.v1.Role',
  nameRule: 'path',
  subresources: [],
  columns: [NAME, CREATED_AT],
  row: (role) => [nameCell(role), createdCell(role)],
  fields: {},
  applyDefaults: () => {},
  prepareForCreate: (after, context) =>
    refuseRoleEscalation({ ...context, resource: roles, after, before: undefined }),
  prepareForUpdate: (after, before, context) =>
    refuseRoleEscalation({ ...context, resource: roles, after, before }),
  validate: validateRole,
});
