// What a RoleBinding and a ClusterRoleBinding have in common.
import type { ClusterRoleBinding, RoleBinding } from '../../../k8s/generated/types.ts';
import type { Resource } from '../../../k8s/resources.ts';
import { refuseBindingEscalation } from '../../auth/rbac/refuse-escalation.ts';
import { roleCell, subjectCells } from '../../columns/binding-cells.ts';
import { AGE, NAME, ageCell, nameCell, texts, wide } from '../../columns/columns.ts';
import { defaultBinding } from '../../defaults/binding.ts';
import { validateRoleRefUpdate } from '../../validation/rbac.ts';
import { defineKind } from '../define-kind.ts';

type Binding = RoleBinding | ClusterRoleBinding;
type Row<T extends Binding> = Parameters<typeof defineKind<T>>[0];

/** Nobody gives others what he does not have. */
export const bindingRow = <T extends Binding>(
  resource: Resource<T>,
): Omit<Row<T>, 'definition' | 'validate'> => ({
  resource,
  singular: resource.kind.toLowerCase(),
  shortNames: [],
  categories: [],
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
    refuseBindingEscalation({ ...context, resource, after, before: undefined }),
  prepareForUpdate: (after, before, context) =>
    refuseBindingEscalation({ ...context, resource, after, before }),
  validateUpdate: validateRoleRefUpdate,
});
