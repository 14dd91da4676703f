import type { ClusterRole } from '../../../k8s/generated/types.ts';
import { clusterRoles } from '../../../k8s/resources.ts';
import { refuseRoleEscalation } from '../../auth/rbac/refuse-escalation.ts';
import { CREATED_AT, NAME, createdCell, nameCell } from '../../columns/columns.ts';
import { validateClusterRole } from '../../validation/rbac.ts';
import { defineKind } from '../define-kind.ts';

export const clusterRoleKind = defineKind<ClusterRole>({
  resource: clusterRoles,
  singular: 'clusterrole',
  shortNames: [],
  categories: [],
  definition: 'io.k8s.api.rbac.v1.ClusterRole',
  nameRule: 'path',
  subresources: [],
  columns: [NAME, CREATED_AT],
  row: (role) => [nameCell(role), createdCell(role)],
  fields: {},
  applyDefaults: () => {},
  prepareForCreate: (after, context) =>
    refuseRoleEscalation({ ...context, resource: clusterRoles, after, before: undefined }),
  prepareForUpdate: (after, before, context) =>
    refuseRoleEscalation({ ...context, resource: clusterRoles, after, before }),
  validate: validateClusterRole,
});
