// The resources podnet's own programs read and write, each bound to its object type.
import type {
  APIService,
  AutoscalingV1HorizontalPodAutoscaler,
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  CertificateSigningRequest,
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  ControllerRevision,
  CronJob,
  CustomResourceDefinition,
  DaemonSet,
  Deployment,
  EndpointSlice,
  Endpoints,
  Event,
  EventsV1Event,
  HorizontalPodAutoscaler,
  IPAddress,
  Ingress,
  IngressClass,
  Job,
  Lease,
  LimitRange,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  Namespace,
  NetworkPolicy,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  PodTemplate,
  PriorityClass,
  ReplicaSet,
  ReplicationController,
  ResourceQuota,
  Role,
  RoleBinding,
  RuntimeClass,
  Secret,
  Service,
  ServiceAccount,
  ServiceCIDR,
  StatefulSet,
  StorageClass,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
  VolumeAttachment,
  VolumeAttributesClass,
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
/** The same objects as `events`, under newer names. */
export const newerEvents = define<EventsV1Event>('events.k8s.io/v1', 'events', 'Event');
export const persistentVolumes = define<PersistentVolume>(
  'v1',
  'persistentvolumes',
  'PersistentVolume',
  'Cluster',
);
export const persistentVolumeClaims = define<PersistentVolumeClaim>(
  'v1',
  'persistentvolumeclaims',
  'PersistentVolumeClaim',
);
export const podTemplates = define<PodTemplate>('v1', 'podtemplates', 'PodTemplate');
export const replicationControllers = define<ReplicationController>(
  'v1',
  'replicationcontrollers',
  'ReplicationController',
);
export const resourceQuotas = define<ResourceQuota>('v1', 'resourcequotas', 'ResourceQuota');
export const limitRanges = define<LimitRange>('v1', 'limitranges', 'LimitRange');
export const deployments = define<Deployment>('apps/v1', 'deployments', 'Deployment');
export const replicaSets = define<ReplicaSet>('apps/v1', 'replicasets', 'ReplicaSet');
export const statefulSets = define<StatefulSet>('apps/v1', 'statefulsets', 'StatefulSet');
export const daemonSets = define<DaemonSet>('apps/v1', 'daemonsets', 'DaemonSet');
export const controllerRevisions = define<ControllerRevision>(
  'apps/v1',
  'controllerrevisions',
  'ControllerRevision',
);
export const jobs = define<Job>('batch/v1', 'jobs', 'Job');
export const cronJobs = define<CronJob>('batch/v1', 'cronjobs', 'CronJob');
export const podDisruptionBudgets = define<PodDisruptionBudget>(
  'policy/v1',
  'poddisruptionbudgets',
  'PodDisruptionBudget',
);
export const horizontalPodAutoscalers = define<HorizontalPodAutoscaler>(
  'autoscaling/v2',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
);
/** The same objects as `horizontalPodAutoscalers`, in the older version. */
export const olderHorizontalPodAutoscalers = define<AutoscalingV1HorizontalPodAutoscaler>(
  'autoscaling/v1',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
);
export const endpointSlices = define<EndpointSlice>('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice');
export const leases = define<Lease>('coordination.k8s.io/v1', 'leases', 'Lease');
export const serviceCidrs = define<ServiceCIDR>(
  'networking.k8s.io/v1',
  'servicecidrs',
  'ServiceCIDR',
  'Cluster',
);
export const ipAddresses = define<IPAddress>('networking.k8s.io/v1', 'ipaddresses', 'IPAddress', 'Cluster');
export const ingresses = define<Ingress>('networking.k8s.io/v1', 'ingresses', 'Ingress');
export const ingressClasses = define<IngressClass>(
  'networking.k8s.io/v1',
  'ingressclasses',
  'IngressClass',
  'Cluster',
);
export const networkPolicies = define<NetworkPolicy>(
  'networking.k8s.io/v1',
  'networkpolicies',
  'NetworkPolicy',
);
export const priorityClasses = define<PriorityClass>(
  'scheduling.k8s.io/v1',
  'priorityclasses',
  'PriorityClass',
  'Cluster',
);
export const runtimeClasses = define<RuntimeClass>(
  'node.k8s.io/v1',
  'runtimeclasses',
  'RuntimeClass',
  'Cluster',
);

const STORAGE = 'storage.k8s.io/v1';
export const storageClasses = define<StorageClass>(STORAGE, 'storageclasses', 'StorageClass', 'Cluster');
export const csiDrivers = define<CSIDriver>(STORAGE, 'csidrivers', 'CSIDriver', 'Cluster');
export const csiNodes = define<CSINode>(STORAGE, 'csinodes', 'CSINode', 'Cluster');
export const csiStorageCapacities = define<CSIStorageCapacity>(
  STORAGE,
  'csistoragecapacities',
  'CSIStorageCapacity',
);
export const volumeAttachments = define<VolumeAttachment>(
  STORAGE,
  'volumeattachments',
  'VolumeAttachment',
  'Cluster',
);
export const volumeAttributesClasses = define<VolumeAttributesClass>(
  STORAGE,
  'volumeattributesclasses',
  'VolumeAttributesClass',
  'Cluster',
);

export const customResourceDefinitions = define<CustomResourceDefinition>(
  'apiextensions.k8s.io/v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
  'Cluster',
);

const ADMISSION = 'admissionregistration.k8s.io/v1';
export const mutatingWebhookConfigurations = define<MutatingWebhookConfiguration>(
  ADMISSION,
  'mutatingwebhookconfigurations',
  'MutatingWebhookConfiguration',
  'Cluster',
);
export const validatingWebhookConfigurations = define<ValidatingWebhookConfiguration>(
  ADMISSION,
  'validatingwebhookconfigurations',
  'ValidatingWebhookConfiguration',
  'Cluster',
);
export const mutatingAdmissionPolicies = define<MutatingAdmissionPolicy>(
  'admissionregistration.k8s.io/v1',
  'mutatingadmissionpolicies',
  'MutatingAdmissionPolicy',
  'Cluster',
);
export const mutatingAdmissionPolicyBindings = define<MutatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io/v1',
  'mutatingadmissionpolicybindings',
  'MutatingAdmissionPolicyBinding',
  'Cluster',
);
export const validatingAdmissionPolicies = define<ValidatingAdmissionPolicy>(
  ADMISSION,
  'validatingadmissionpolicies',
  'ValidatingAdmissionPolicy',
  'Cluster',
);
export const validatingAdmissionPolicyBindings = define<ValidatingAdmissionPolicyBinding>(
  ADMISSION,
  'validatingadmissionpolicybindings',
  'ValidatingAdmissionPolicyBinding',
  'Cluster',
);

export const apiServices = define<APIService>(
  'apiregistration.k8s.io/v1',
  'apiservices',
  'APIService',
  'Cluster',
);

export const certificateSigningRequests = define<CertificateSigningRequest>(
  'certificates.k8s.io/v1',
  'certificatesigningrequests',
  'CertificateSigningRequest',
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
  persistentVolumes,
  persistentVolumeClaims,
  podTemplates,
  replicationControllers,
  resourceQuotas,
  limitRanges,
  statefulSets,
  daemonSets,
  controllerRevisions,
  jobs,
  cronJobs,
  podDisruptionBudgets,
  horizontalPodAutoscalers,
  ingresses,
  ingressClasses,
  networkPolicies,
  priorityClasses,
  runtimeClasses,
  storageClasses,
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  volumeAttachments,
  volumeAttributesClasses,
  customResourceDefinitions,
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
];

/** `v1` or `apps/v1`: what stands in an object's apiVersion. */
export const apiVersionOf = (resource: Pick<Resource, 'group' | 'version'>): string =>
  resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
