import type { ClusterRoleBinding } from '../../../k8s/generated/types.ts';
import { clusterRoleBindings } from '../../../k8s/resources.ts';
import { validateClusterRoleBinding } from '../../validation/rbac.ts';
import { defineKind } from '../define-kind.ts';
import { bindingRow } from './binding-row.ts';

export const clusterRoleBindingKind = defineKind<ClusterRoleBinding>({
  ...bindingRow(clusterRoleBindings),
  definition: 'io.k8s.api.rbac.v1.ClusterRoleBinding',
  validate: validateClusterRoleBinding,
});
