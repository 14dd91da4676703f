// The resources podnet's own programs read and write, each bound to its object type.
import type {
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  CustomResourceDefinition,
  Deployment,
  EndpointSlice,
  Endpoints,
  Event,
  IPAddress,
  Lease,
  Namespace,
  Node,
  Pod,
  ReplicaSet,
  Role,
  RoleBinding,
  Secret,
  Service,
  ServiceAccount,
  ServiceCIDR,
} from './generated/types.ts';
import type { KubeObject } from './objects.ts';

export type Resource<T extends KubeObject = KubeObject> = {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, lower case: the path segment. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Type only; never set. */
  readonly object?: T;
};

const define = <T extends KubeObject>(
  groupVersion: string,
  resource: string,
  kind: string,
  scope: 'Namespaced' | 'Cluster' = 'Namespaced',
): Resource<T> => {
  const [group, version] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion];
  return { group: group!, version: version!, resource, kind, namespaced: scope === 'Namespaced' };
};

export const namespaces = define<Namespace>('v1', 'namespaces', 'Namespace', 'Cluster');
export const nodes = define<Node>('v1', 'nodes', 'Node', 'Cluster');
export const pods = define<Pod>('v1', 'pods', 'Pod');
export const services = define<Service>('v1', 'services', 'Service');
export const endpoints = define<Endpoints>('v1', 'endpoints', 'Endpoints');
export const configMaps = define<ConfigMap>('v1', 'configmaps', 'ConfigMap');
export const secrets = define<Secret>('v1', 'secrets', 'Secret');
export const serviceAccounts = define<ServiceAccount>('v1', 'serviceaccounts', 'ServiceAccount');
export const events = define<Event>('v1', 'events', 'Event');
export const deployments = define<Deployment>('apps/v1', 'deployments', 'Deployment');
export const replicaSets = define<ReplicaSet>('apps/v1', 'replicasets', 'ReplicaSet');
export const endpointSlices = define<EndpointSlice>('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice');
export const leases = define<Lease>('coordination.k8s.io/v1', 'leases', 'Lease');
export const serviceCidrs = define<ServiceCIDR>(
  'networking.k8s.io/v1',
  'servicecidrs',
  'ServiceCIDR',
  'Cluster',
);
export const ipAddresses = define<IPAddress>('networking.k8s.io/v1', 'ipaddresses', 'IPAddress', 'Cluster');

export const customResourceDefinitions = define<CustomResourceDefinition>(
  'apiextensions.k8s.io/v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
  'Cluster',
);

const RBAC = 'rbac.authorization.k8s.io/v1';
export const roles = define<Role>(RBAC, 'roles', 'Role');
export const roleBindings = define<RoleBinding>(RBAC, 'rolebindings', 'RoleBinding');
export const clusterRoles = define<ClusterRole>(RBAC, 'clusterroles', 'ClusterRole', 'Cluster');
export const clusterRoleBindings = define<ClusterRoleBinding>(
  RBAC,
  'clusterrolebindings',
  'ClusterRoleBinding',
  'Cluster',
);

/** Every resource that is stored: what garbage collection and namespace deletion go through. */
export const allResources: readonly Resource[] = [
  namespaces,
  nodes,
  pods,
  services,
  endpoints,
  configMaps,
  secrets,
  serviceAccounts,
  events,
  deployments,
  replicaSets,
  endpointSlices,
  leases,
  roles,
  roleBindings,
  clusterRoles,
  clusterRoleBindings,
  serviceCidrs,
  ipAddresses,
  customResourceDefinitions,
];

/** `v1` or `apps/v1`: what stands in an object's apiVersion. */
export const apiVersionOf = (resource: Pick<Resource, 'group' | 'version'>): string =>
  resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
