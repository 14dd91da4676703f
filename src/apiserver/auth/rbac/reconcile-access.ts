// Puts the default roles and bindings into a cluster, and mends those of a cluster that was there before: what is missing
// of them is added, what others added stays (k8s.io/component-helpers/auth/rbac/reconciliation).
import type { ObjectRef } from '../../../client/client.ts';
import { isNotFound } from '../../../k8s/api-error.ts';
import type { ObjectMeta, Role, ClusterRole, RoleBinding, Subject } from '../../../k8s/generated/types.ts';
import type { KubeObject } from '../../../k8s/objects.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  namespaces,
  roleBindings,
  roles,
} from '../../../k8s/resources.ts';
import type { Resource } from '../../../k8s/resources.ts';
import { equalJson } from '../../../lang/json.ts';
import type { Draft, Kind } from '../../kind.ts';
import type { Registry, RequestContext } from '../../registry.ts';
import { MASTERS } from '../users.ts';
import { missingRules } from './coverage.ts';
import {
  defaultClusterRoleBindings,
  defaultClusterRoles,
  defaultRoleBindings,
  defaultRoles,
} from './default-access.ts';

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
  for (const role of defaultRoles()) await ensureIn(registry, roles, role, mendedRole);
  for (const binding of defaultRoleBindings()) await ensureIn(registry, roleBindings, binding, mendedBinding);
};

/** Only where the namespace is: an API server alone has none of its own. */
const ensureIn = async <T extends KubeObject>(
  registry: Registry,
  resource: Resource<T>,
  wanted: T,
  mend: (present: T, wanted: T) => T,
): Promise<void> => {
  const name = wanted.metadata!.namespace!;
  if (find(registry, namespaces, { name })) await ensure(registry, resource, wanted, mend);
};

const ensure = async <T extends KubeObject>(
  registry: Registry,
  resource: Resource<T>,
  wanted: T,
  mend: (present: T, wanted: T) => T,
): Promise<void> => {
  const kind = kindOf(registry, resource);
  const ref = { name: wanted.metadata!.name!, namespace: wanted.metadata!.namespace };
  const present = find(registry, resource, ref);
  if (!present) await registry.create(kind, ref.namespace, { ...wanted } as Draft, CONTEXT);
  else if (!isLeftAlone(present))
    await registry.update(kind, ref, { ...mend(present, wanted) } as Draft, CONTEXT);
};

const kindOf = ({ kinds }: Registry, resource: Resource): Kind => kinds.find(resource)!;

const find = <T extends KubeObject>(
  registry: Registry,
  resource: Resource<T>,
  ref: ObjectRef,
): T | undefined => {
  try {
    return registry.get(kindOf(registry, resource), ref) as KubeObject as T;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
};

const isLeftAlone = ({ metadata }: KubeObject): boolean =>
  metadata?.annotations?.['rbac.authorization.kubernetes.io/autoupdate'] === 'false';

/** A role that gathers others has its rules from its controller. */
const mendedRole = <T extends Role & Pick<ClusterRole, 'aggregationRule'>>(present: T, wanted: T): T => {
  const metadata = mendedMeta(present.metadata, wanted.metadata);
  if (wanted.aggregationRule) return { ...present, metadata, aggregationRule: wanted.aggregationRule };
  const rules = present.rules ?? [];
  return { ...present, metadata, rules: [...rules, ...missingRules(rules, wanted.rules ?? [])] };
};

const mendedBinding = (present: RoleBinding, wanted: RoleBinding): RoleBinding => {
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
