// The roles and bindings that every cluster has, as objects. Loaded when a cluster starts, not before.
import type {
  ClusterRole,
  ClusterRoleBinding,
  ObjectMeta,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../../../k8s/generated/types.ts';
import { aggregatedRules } from '../../../k8s/aggregate-rules.ts';
import { NAMESPACED_ROLES, SYSTEM_BINDINGS, SYSTEM_ROLES } from './system-roles.ts';
import { AGGREGATE_TO_ADMIN, AGGREGATE_TO_EDIT, AGGREGATE_TO_VIEW, CLUSTER_ADMIN } from './user-roles.ts';

type Level = 'admin' | 'edit' | 'view';

/** The label by which a role, also a user's own, becomes part of admin, edit or view. */
const labelOf = (level: Level): string => `rbac.authorization.k8s.io/aggregate-to-${level}`;

/** Kubernetes' marks: made at the start, and mended at each later one unless somebody says `autoupdate: "false"`. */
const metadata = (name: string, level?: Level): ObjectMeta => ({
  name,
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...(level && { [labelOf(level)]: 'true' }) },
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
});

const role = (name: string, rules: readonly PolicyRule[], level?: Level): ClusterRole => ({
  metadata: metadata(name, level),
  rules,
});

/** With the rules that it gathers now, so that the controller has nothing to do when the cluster starts. */
const gathering = (level: Level, parts: readonly ClusterRole[], partOf?: Level): ClusterRole => {
  const selector = { matchLabels: { [labelOf(level)]: 'true' } };
  const empty: ClusterRole = {
    metadata: metadata(level, partOf),
    aggregationRule: { clusterRoleSelectors: [selector] },
  };
  return { ...empty, rules: aggregatedRules(empty, parts) };
};

export const defaultClusterRoles = (): readonly ClusterRole[] => {
  const parts = [
    role('system:aggregate-to-admin', AGGREGATE_TO_ADMIN, 'admin'),
    role('system:aggregate-to-edit', AGGREGATE_TO_EDIT, 'edit'),
    role('system:aggregate-to-view', AGGREGATE_TO_VIEW, 'view'),
  ];
  const view = gathering('view', parts, 'edit');
  const edit = gathering('edit', [...parts, view], 'admin');
  return [
    role('cluster-admin', CLUSTER_ADMIN),
    ...parts,
    view,
    edit,
    gathering('admin', [...parts, edit]),
    ...Object.entries(SYSTEM_ROLES).map(([name, rules]) => role(name, rules)),
  ];
};

export const defaultClusterRoleBindings = (): readonly ClusterRoleBinding[] =>
  Object.entries(SYSTEM_BINDINGS).map(([name, subjects]) => ({
    metadata: metadata(name),
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name },
    ...(subjects.length > 0 && { subjects: subjects.map(subjectOf) }),
  }));

export const defaultRoles = (): readonly Role[] =>
  NAMESPACED_ROLES.map(({ namespace, name, rules }) => ({
    metadata: { ...metadata(name), namespace },
    rules,
  }));

export const defaultRoleBindings = (): readonly RoleBinding[] =>
  NAMESPACED_ROLES.map(({ namespace, name, subjects }) => ({
    metadata: { ...metadata(name), namespace },
    roleRef: { apiGroup: GROUP, kind: 'Role', name },
    subjects: subjects.map(subjectOf),
  }));

const GROUP = 'rbac.authorization.k8s.io';

const subjectOf = (text: string): Subject => {
  const [, kind, rest] = /^(user|serviceaccount):(.*)$/.exec(text) ?? [];
  if (kind === 'user') return { kind: 'User', apiGroup: GROUP, name: rest! };
  if (kind !== 'serviceaccount') return { kind: 'Group', apiGroup: GROUP, name: text };
  const [namespace, name] = rest!.split('/');
  return { kind: 'ServiceAccount', namespace: namespace!, name: name! };
};
