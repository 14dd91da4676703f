// Puts the default roles and bindings into a cluster, and mends those of a cluster that was there before: what is missing
// of them is added, what others added stays (k8s.io/component-helpers/auth/rbac/reconciliation).
import { isNotFound } from '../../../k8s/api-error.ts';
import type { ClusterRole, ClusterRoleBinding, ObjectMeta, Subject } from '../../../k8s/generated/types.ts';
import type { KubeObject } from '../../../k8s/objects.ts';
import { clusterRoleBindings, clusterRoles } from '../../../k8s/resources.ts';
import type { Resource } from '../../../k8s/resources.ts';
import { equalJson } from '../../../lang/json.ts';
import type { Draft } from '../../kind.ts';
import type { Registry, RequestContext } from '../../registry.ts';
import { MASTERS } from '../users.ts';
import { missingRules } from './coverage.ts';
import { defaultClusterRoleBindings, defaultClusterRoles } from './default-access.ts';

const CONTEXT: RequestContext = {
  user: { name: 'system:apiserver', groups: [MASTERS] },
  dryRun: false,
  fieldManager: 'kube-apiserver',
  fieldValidation: 'Strict',
  decodingErrors: [],
  warn: () => {},
};

export const reconcileDefaultAccess = async (registry: Registry): Promise<void> => {
  for (const role of defaultClusterRoles()) await ensure(registry, clusterRoles, role, mendedRole);
  for (const binding of defaultClusterRoleBindings())
    await ensure(registry, clusterRoleBindings, binding, mendedBinding);
};

const ensure = async <T extends KubeObject>(
  registry: Registry,
  resource: Resource<T>,
  wanted: T,
  mend: (present: T, wanted: T) => T,
): Promise<void> => {
  const kind = registry.kinds.find((each) => each.resource.resource === resource.resource)!;
  const ref = { name: wanted.metadata!.name! };
  try {
    const present = registry.get(kind, ref) as KubeObject as T;
    if (isLeftAlone(present)) return;
    await registry.update(kind, ref, { ...mend(present, wanted) } as Draft, CONTEXT);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await registry.create(kind, undefined, { ...wanted } as Draft, CONTEXT);
  }
};

const isLeftAlone = ({ metadata }: KubeObject): boolean =>
  metadata?.annotations?.['rbac.authorization.kubernetes.io/autoupdate'] === 'false';

/** A role that gathers others has its rules from its controller. */
export const mendedRole = (present: ClusterRole, wanted: ClusterRole): ClusterRole => {
  const metadata = mendedMeta(present.metadata, wanted.metadata);
  if (wanted.aggregationRule) return { ...present, metadata, aggregationRule: wanted.aggregationRule };
  const rules = present.rules ?? [];
  return { ...present, metadata, rules: [...rules, ...missingRules(rules, wanted.rules ?? [])] };
};

export const mendedBinding = (
  present: ClusterRoleBinding,
  wanted: ClusterRoleBinding,
): ClusterRoleBinding => {
  const subjects = present.subjects ?? [];
  const isMissing = (subject: Subject): boolean => !subjects.some((other) => equalJson(other, subject));
  const missing = (wanted.subjects ?? []).filter(isMissing);
  return {
    ...present,
    metadata: mendedMeta(present.metadata, wanted.metadata),
    ...(subjects.length + missing.length > 0 && { subjects: [...subjects, ...missing] }),
  };
};

const mendedMeta = (present: ObjectMeta = {}, wanted: ObjectMeta = {}): ObjectMeta => ({
  ...present,
  labels: { ...present.labels, ...wanted.labels },
  annotations: { ...present.annotations, ...wanted.annotations },
});
