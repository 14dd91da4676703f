// The objects that every embedded cluster has from the start: its namespaces, the Services `kubernetes` and `kube-dns`.
// Pure: a plan in, objects out.
import type { EndpointSlice, Endpoints, Namespace, Service } from '../k8s/generated/types.ts';
import type { KubeObject } from '../k8s/objects.ts';
import { type Resource, endpointSlices, endpoints, namespaces, services } from '../k8s/resources.ts';
import type { ClusterConfig } from './cluster-config.ts';

export type BootstrapObject = { readonly resource: Resource; readonly object: KubeObject };

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** In the order in which they must be created: namespaces first, a Service before its endpoints. */
export const bootstrapObjects = (config: ClusterConfig): readonly BootstrapObject[] => [
  ...NAMESPACES.map((name) => ({ resource: namespaces, object: namespace(name) })),
  { resource: services, object: kubernetesService(config) },
  { resource: endpoints, object: kubernetesEndpoints(config) },
  ...kubernetesSlices(config).map((object) => ({ resource: endpointSlices, object })),
  { resource: services, object: dnsService(config) },
  ...dnsSlices(config).map((object) => ({ resource: endpointSlices, object })),
];

const namespace = (name: string): Namespace => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

/** The proxy leaves Services with this label alone: every node answers at the DNS addresses itself. */
const DNS_PROXY_NAME = 'podnet-dns';

/** Which Service a slice belongs to, and who looks after it: nobody's controller but this program. */
const sliceLabels = (service: string): Readonly<Record<string, string>> => ({
  'kubernetes.io/service-name': service,
  'endpointslice.kubernetes.io/managed-by': 'control-plane.podnet.dev',
});

const FAMILIES = [
  { index: 0, addressType: 'IPv4', suffix: '' },
  { index: 1, addressType: 'IPv6', suffix: '-ipv6' },
] as const;

const kubernetesService = (config: ClusterConfig): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: 'kubernetes',
    namespace: 'default',
    labels: { component: 'apiserver', provider: 'kubernetes' },
  },
  spec: {
    type: 'ClusterIP',
    ipFamilyPolicy: 'RequireDualStack',
    clusterIP: config.apiServiceIps[0],
    clusterIPs: config.apiServiceIps,
    ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: config.apiPort }],
  },
});

/** Not mirrored into a slice, as kube-apiserver's own are not: the slices are made below. */
const kubernetesEndpoints = (config: ClusterConfig): Endpoints => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: {
    name: 'kubernetes',
    namespace: 'default',
    labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
  },
  subsets: [
    {
      addresses: [{ ip: config.hostAddresses[0] }],
      ports: [{ name: 'https', port: config.apiPort, protocol: 'TCP' }],
    },
  ],
});

const kubernetesSlices = (config: ClusterConfig): readonly EndpointSlice[] =>
  FAMILIES.map(({ index, addressType, suffix }) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `kubernetes${suffix}`, namespace: 'default', labels: sliceLabels('kubernetes') },
    addressType,
    endpoints: [{ addresses: [config.hostAddresses[index]], conditions: { ready: true } }],
    ports: [{ name: 'https', port: config.apiPort, protocol: 'TCP' }],
  }));

const dnsService = (config: ClusterConfig): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: 'kube-dns',
    namespace: 'kube-system',
    labels: {
      'k8s-app': 'kube-dns',
      'kubernetes.io/cluster-service': 'true',
      'kubernetes.io/name': 'podnet-dns',
      'service.kubernetes.io/service-proxy-name': DNS_PROXY_NAME,
    },
  },
  spec: {
    type: 'ClusterIP',
    ipFamilyPolicy: 'RequireDualStack',
    clusterIP: config.dnsServiceIps[0],
    clusterIPs: config.dnsServiceIps,
    ports: [
      { name: 'dns', protocol: 'UDP', port: 53, targetPort: 53 },
      { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort: 53 },
    ],
  },
});

const dnsSlices = (config: ClusterConfig): readonly EndpointSlice[] =>
  FAMILIES.map(({ index, addressType, suffix }) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `kube-dns${suffix}`, namespace: 'kube-system', labels: sliceLabels('kube-dns') },
    addressType,
    endpoints: config.nodes.map((node) => ({
      addresses: [node.addresses[index]],
      conditions: { ready: true },
      nodeName: node.name,
    })),
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' },
    ],
  }));
