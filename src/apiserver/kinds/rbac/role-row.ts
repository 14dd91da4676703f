// What a Role and a ClusterRole have in common.
import type { ClusterRole, Role } from '../../../k8s/generated/types.ts';
import type { Resource } from '../../../k8s/resources.ts';
import { refuseRoleEscalation } from '../../auth/rbac/refuse-escalation.ts';
import { CREATED_AT, NAME, createdCell, nameCell } from '../../columns/columns.ts';
import { defineKind } from '../define-kind.ts';

type Row<T extends Role | ClusterRole> = Parameters<typeof defineKind<T>>[0];

/** Nobody gives a role what he does not have. */
export const roleRow = <T extends Role | ClusterRole>(
  resource: Resource<T>,
): Omit<Row<T>, 'definition' | 'validate'> => ({
  resource,
  singular: resource.kind.toLowerCase(),
  shortNames: [],
  categories: [],
  nameRule: 'path',
  subresources: [],
  columns: [NAME, CREATED_AT],
  row: (role) => [nameCell(role), createdCell(role)],
  fields: {},
  applyDefaults: () => {},
  prepareForCreate: (after, context) =>
    refuseRoleEscalation({ ...context, resource, after, before: undefined }),
  prepareForUpdate: (after, before, context) => refuseRoleEscalation({ ...context, resource, after, before }),
});
