// Which API group a binding means where it does not say (kubernetes pkg/apis/rbac/v1/defaults.go).
import type { RoleBinding } from '../../k8s/generated/types.ts';
import type { Mutable } from './mutable.ts';

const GROUP = 'rbac.authorization.k8s.io';

/** Roles, users and groups are of RBAC's own group; ServiceAccounts of the core group, which is left empty. */
export const defaultBinding = ({ roleRef, subjects }: Mutable<RoleBinding>): void => {
  if (roleRef) roleRef.apiGroup ||= GROUP;
  for (const subject of subjects ?? [])
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= GROUP;
};
