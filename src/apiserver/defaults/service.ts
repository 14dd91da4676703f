// What kube-apiserver fills into a Service (kubernetes pkg/apis/core/v1/defaults.go), and how the twin fields
// clusterIP and clusterIPs follow each other (kubernetes pkg/registry/core/service/storage).
import type { Service, ServicePort, ServiceSpec } from '../../k8s/generated/types.ts';
import type { Mutable } from './mutable.ts';

/** Three hours. */
const AFFINITY_SECONDS = 10800;

export const defaultService = (service: Mutable<Service>): void => {
  const spec = (service.spec ??= {});
  spec.type ||= 'ClusterIP';
  defaultAffinity(spec);
  for (const port of spec.ports ?? []) defaultPort(port);
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') defaultLoadBalancer(service, spec);
};

const defaultAffinity = (spec: Mutable<ServiceSpec>): void => {
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (
    spec.sessionAffinity === 'ClientIP' &&
    spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined
  )
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } };
};

const defaultPort = (port: Mutable<ServicePort>): void => {
  port.protocol ||= 'TCP';
  port.targetPort ||= port.port;
};

const defaultLoadBalancer = (service: Mutable<Service>, spec: Mutable<ServiceSpec>): void => {
  spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of service.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
};

const isExternallyAccessible = ({ type, externalIPs }: ServiceSpec): boolean =>
  type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && !!externalIPs?.length);
