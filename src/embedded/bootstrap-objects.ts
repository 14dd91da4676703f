// The objects that every embedded cluster has from the start: the Services `kubernetes` and `kube-dns`.
// Pure: a plan in, objects out.
import type { EndpointSlice, Endpoints, Service } from '../k8s/generated/types.ts';
import type { ClusterConfig } from './cluster-config.ts';

/** The proxy leaves Services with this label alone: every node answers at the DNS addresses itself. */
const DNS_PROXY_NAME = 'podnet-dns';

/** Which Service a slice belongs to, and who looks after it: nobody's controller but this program. */
const sliceLabels = (service: string): Readonly<Record<string, string>> => ({
  'kubernetes.io/service-name': service,
  'endpointslice.kubernetes.io/managed-by': 'podnet.dev/control-plane',
});

const FAMILIES = [
  { index: 0, addressType: 'IPv4', suffix: '' },
  { index: 1, addressType: 'IPv6', suffix: '-ipv6' },
] as const;

export const kubernetesService = (config: ClusterConfig): Service => ({
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
export const kubernetesEndpoints = (config: ClusterConfig): Endpoints => ({
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

export const kubernetesSlices = (config: ClusterConfig): readonly EndpointSlice[] =>
  FAMILIES.map(({ index, addressType, suffix }) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `kubernetes${suffix}`, namespace: 'default', labels: sliceLabels('kubernetes') },
    addressType,
    endpoints: [{ addresses: [config.hostAddresses[index]], conditions: { ready: true } }],
    ports: [{ name: 'https', port: config.apiPort, protocol: 'TCP' }],
  }));

export const dnsService = (config: ClusterConfig): Service => ({
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

export const dnsSlices = (config: ClusterConfig): readonly EndpointSlice[] =>
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
