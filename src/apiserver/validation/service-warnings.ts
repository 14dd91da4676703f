// What kube-apiserver says about a Service that it takes (kubernetes pkg/api/service/warnings.go).
import { clusterIpsOf } from '../../k8s/service-addresses.ts';
import type { Service, ServiceSpec } from '../../k8s/generated/types.ts';
import { addressWarnings, prefixWarnings } from './address-warnings.ts';

export const serviceWarnings = (service: Service): readonly string[] => {
  const { metadata, spec = {} } = service;
  return [
    ...when(
      metadata?.annotations?.['service.kubernetes.io/topology-aware-hints'] !== undefined,
      'annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead',
    ),
    ...ofEach('spec.clusterIPs', clusterIpsOf(service), addressWarnings),
    ...(isHeadless(spec) ? headlessWarnings(spec) : []),
    ...ofEach('spec.externalIPs', spec.externalIPs, addressWarnings),
    ...when(
      hasExternalIps(spec) && !isHeadless(spec) && spec.type !== 'ExternalName',
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    ),
    ...addressWarnings('spec.loadBalancerIP', spec.loadBalancerIP ?? ''),
    ...ofEach('spec.loadBalancerSourceRanges', spec.loadBalancerSourceRanges, prefixWarnings),
    ...typeWarnings(spec),
  ];
};

const typeWarnings = (spec: ServiceSpec): readonly string[] => [
  ...when(
    spec.type === 'ExternalName' && hasExternalIps(spec),
    'spec.externalIPs is ignored when spec.type is "ExternalName"',
  ),
  ...when(
    spec.type !== 'ExternalName' && !!spec.externalName,
    'spec.externalName is ignored when spec.type is not "ExternalName"',
  ),
  ...when(
    spec.trafficDistribution === 'PreferClose',
    'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
  ),
];

const headlessWarnings = (spec: ServiceSpec): readonly string[] => [
  ...when(!!spec.loadBalancerIP, 'spec.loadBalancerIP is ignored for headless services'),
  ...when(hasExternalIps(spec), 'spec.externalIPs is ignored for headless services'),
  ...when(spec.sessionAffinity !== 'None', 'spec.SessionAffinity is ignored for headless services'),
];

const isHeadless = ({ type, clusterIP }: ServiceSpec): boolean =>
  type === 'ClusterIP' && clusterIP === 'None';

const hasExternalIps = ({ externalIPs }: ServiceSpec): boolean => !!externalIPs?.length;

const when = (holds: boolean, warning: string): readonly string[] => (holds ? [warning] : []);

const ofEach = (
  path: string,
  values: readonly string[] | undefined,
  warningsOf: (path: string, value: string) => readonly string[],
): readonly string[] => (values ?? []).flatMap((value, index) => warningsOf(`${path}[${index}]`, value));
