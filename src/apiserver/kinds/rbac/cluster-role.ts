import type { ClusterRole } from '../../../k8s/generated/types.ts';
import { clusterRoles } from '../../../k8s/resources.ts';
import { validateClusterRole } from '../../validation/rbac.ts';
import { defineKind } from '../define-kind.ts';
import { roleRow } from './role-row.ts';

export const clusterRoleKind = defineKind<ClusterRole>({
  ...roleRow(clusterRoles),
  definition: 'io.k8s.api.rbac.v1.ClusterRole',
  validate: validateClusterRole,
});
