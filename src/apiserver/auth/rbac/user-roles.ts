// The roles for people: cluster-admin, and admin, edit and view, which gather whatever roles are labelled for them.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles (Kubernetes 1.36)
import type { PolicyRule } from '../../../k8s/generated/types.ts';
import { ALL_VERBS, CORE, READ, WRITE, on, toUrls } from './policy-rules.ts';

export const CLUSTER_ADMIN: readonly PolicyRule[] = [on('*', '*', '*'), toUrls('*', '*')];

export const AGGREGATE_TO_ADMIN: readonly PolicyRule[] = [
  on('create', 'authorization.k8s.io', 'localsubjectaccessreviews'),
  on(ALL_VERBS, 'rbac.authorization.k8s.io', 'rolebindings roles'),
];

const PODS = 'pods pods/attach pods/exec pods/portforward pods/proxy';
const WORKLOADS =
  'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale';

export const AGGREGATE_TO_EDIT: readonly PolicyRule[] = [
  on(READ, CORE, 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
  on('impersonate', CORE, 'serviceaccounts'),
  on(WRITE, CORE, PODS),
  on('create', CORE, 'pods/eviction'),
  on(
    WRITE,
    CORE,
    'configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
  ),
  on('create', CORE, 'serviceaccounts/token'),
  on(WRITE, 'apps', `${WORKLOADS} statefulsets statefulsets/scale`),
  on(WRITE, 'autoscaling', 'horizontalpodautoscalers'),
  on(WRITE, 'batch', 'cronjobs jobs'),
  on(WRITE, 'extensions', `${WORKLOADS} ingresses networkpolicies replicationcontrollers/scale`),
  on(WRITE, 'policy', 'poddisruptionbudgets'),
  on(WRITE, 'networking.k8s.io', 'ingresses networkpolicies'),
  on(ALL_VERBS, 'coordination.k8s.io', 'leases'),
];

const VIEWED_WORKLOADS =
  'daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status';

/** Not Secrets: who may read them has the tokens of the namespace's ServiceAccounts. */
export const AGGREGATE_TO_VIEW: readonly PolicyRule[] = [
  on(
    READ,
    CORE,
    'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
  ),
  on(
    READ,
    CORE,
    'bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
  ),
  on(READ, CORE, 'namespaces'),
  on(READ, 'discovery.k8s.io', 'endpointslices'),
  on(
    READ,
    'apps',
    `controllerrevisions ${VIEWED_WORKLOADS} statefulsets statefulsets/scale statefulsets/status`,
  ),
  on(READ, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
  on(READ, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
  on(
    READ,
    'extensions',
    `${VIEWED_WORKLOADS} ingresses ingresses/status networkpolicies replicationcontrollers/scale`,
  ),
  on(READ, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
  on(READ, 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
];
