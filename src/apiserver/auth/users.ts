// The names that Kubernetes gives to users and groups of its own.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings
import type { User } from '../registry.ts';

/** Whoever decides about access needs to know of a user. */
export type Subject = Pick<User, 'name' | 'groups'>;

/** May do everything, without being asked for a role. */
export const MASTERS = 'system:masters';
export const AUTHENTICATED = 'system:authenticated';
export const UNAUTHENTICATED = 'system:unauthenticated';

export const ANONYMOUS: User = { name: 'system:anonymous', groups: [UNAUTHENTICATED] };

export const isMaster = ({ groups }: Subject): boolean => groups.includes(MASTERS);

export const accountUserName = (namespace: string, name: string): string =>
  `system:serviceaccount:${namespace}:${name}`;

export const accountGroups = (namespace: string): readonly string[] => [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespace}`,
];

/** The inverse of accountUserName; undefined for other users. */
export const accountOf = (
  userName: string,
): { readonly namespace: string; readonly name: string } | undefined => {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(userName) ?? [];
  return namespace && name ? { namespace, name } : undefined;
};

const NODES = 'system:nodes';
const NODE_PREFIX = 'system:node:';

/** The node whose agent this user is; undefined for other users. */
export const nodeNameOf = ({ name, groups }: Subject): string | undefined =>
  name.startsWith(NODE_PREFIX) && groups.includes(NODES) ? name.slice(NODE_PREFIX.length) : undefined;
