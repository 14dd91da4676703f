// Rules for Services (kubernetes pkg/apis/core/validation/validation.go).
import { forbidden, invalid, required } from '../../k8s/field-errors.ts';
import type { Service, ServiceSpec } from '../../k8s/generated/types.ts';
import { type AddressRule, ipAddress, ipPrefix, reachableAddress, unlessKnown } from './addresses.ts';
import { type FieldErrors, each, ifSet, when } from './compose.ts';
import { labels } from './labels.ts';
import { oneOf, optionalOneOf } from './scalars.ts';
import { clusterIps, isHeadlessSpec } from './service-ips.ts';
import { servicePorts } from './service-ports.ts';
import { dnsSubdomain, qualified } from './texts.ts';

/** `before`: the Service that an update replaces; addresses that it has already may stay as they are. */
export const validateService = (
  { metadata, spec }: Service,
  _context?: unknown,
  before?: Service,
): FieldErrors =>
  ifSet(spec, (value) => [
    ...typeFits(value),
    ...servicePorts(value, 'spec.ports'),
    ...labels(value.selector, 'spec.selector'),
    ...sessionAffinity(value),
    ...clusterIps(value, before?.spec),
    ...each(value.externalIPs, 'spec.externalIPs', externalIp(before?.spec)),
    ...oneOf(value.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'], 'spec.type'),
    ...loadBalancer(value),
    ...sourceRanges(value, before?.spec, metadata?.annotations),
    ...trafficPolicies(value),
  ]);

const externalIp = (before: ServiceSpec | undefined): AddressRule => {
  const rule = unlessKnown(before?.externalIPs, ipAddress);
  return (ip, path) => {
    const errors = rule(ip, path);
    return errors.length > 0 ? errors : reachableAddress(ip, path);
  };
};

const typeFits = (spec: ServiceSpec): FieldErrors => {
  switch (spec.type) {
    case 'LoadBalancer':
    case 'NodePort':
      return when(isHeadlessSpec(spec), () =>
        invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`),
      );
    case 'ExternalName':
      return externalName(spec);
    case undefined:
    default:
      return [];
  }
};

const externalName = (spec: ServiceSpec): FieldErrors => {
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  const text = 'may not be set for ExternalName services';
  return [
    ...when(!!spec.clusterIPs?.length, () => forbidden('spec.clusterIPs', text)),
    ...when(!!spec.ipFamilies?.length, () => forbidden('spec.ipFamilies', text)),
    ...when(spec.ipFamilyPolicy !== undefined, () => forbidden('spec.ipFamilyPolicy', text)),
    ...(name ? dnsSubdomain(name, 'spec.externalName') : [required('spec.externalName')]),
  ];
};

/** A day. */
const MAX_AFFINITY_SECONDS = 86400;

const sessionAffinity = ({ sessionAffinity: kind, sessionAffinityConfig }: ServiceSpec): FieldErrors => [
  ...oneOf(kind, ['ClientIP', 'None'], 'spec.sessionAffinity'),
  ...(kind === 'ClientIP'
    ? ifSet(sessionAffinityConfig?.clientIP?.timeoutSeconds, (seconds) =>
        when(seconds <= 0 || seconds > MAX_AFFINITY_SECONDS, () =>
          invalid(
            'spec.sessionAffinityConfig.clientIP.timeoutSeconds',
            seconds,
            `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`,
          ),
        ),
      )
    : []),
];

const ONLY_BALANCED = "may only be used when `type` is 'LoadBalancer'";

const loadBalancer = (spec: ServiceSpec): FieldErrors => {
  const isBalanced = spec.type === 'LoadBalancer';
  return [
    ...when(!isBalanced && spec.allocateLoadBalancerNodePorts !== undefined, () =>
      forbidden('spec.allocateLoadBalancerNodePorts', ONLY_BALANCED),
    ),
    ...ifSet(spec.loadBalancerClass, (name) =>
      isBalanced
        ? qualified(name, 'spec.loadBalancerClass')
        : [forbidden('spec.loadBalancerClass', ONLY_BALANCED)],
    ),
  ];
};

const RANGES_ANNOTATION = 'service.beta.kubernetes.io/load-balancer-source-ranges';

/** The field, or the annotation that is older than it. Values of both may be padded with spaces. */
const sourceRanges = (
  { type, loadBalancerSourceRanges }: ServiceSpec,
  before: ServiceSpec | undefined,
  annotations: Readonly<Record<string, string>> = {},
): FieldErrors => {
  const annotated = annotations[RANGES_ANNOTATION];
  const inField = !!loadBalancerSourceRanges?.length;
  if (!inField && annotated === undefined) return [];
  const known = before?.loadBalancerSourceRanges?.map((range) => range.trim());
  const rule = unlessKnown(known, ipPrefix);
  // Upper case in kube-apiserver's messages as well.
  const path = inField ? 'spec.LoadBalancerSourceRanges' : `metadata.annotations[${RANGES_ANNOTATION}]`;
  return [
    ...when(type !== 'LoadBalancer', () => forbidden(path, ONLY_BALANCED)),
    ...(inField
      ? each(loadBalancerSourceRanges, path, (range, at) => rule(range.trim(), at))
      : (annotated ?? '')
          .split(',')
          .map((range) => range.trim())
          .filter((range) => range !== '')
          .flatMap((range) => ipPrefix(range, path))),
  ];
};

const trafficPolicies = (spec: ServiceSpec): FieldErrors => {
  const policies = ['Cluster', 'Local'];
  return [
    ...(isExternal(spec)
      ? oneOf(spec.externalTrafficPolicy, policies, 'spec.externalTrafficPolicy')
      : when(!!spec.externalTrafficPolicy, () =>
          invalid(
            'spec.externalTrafficPolicy',
            spec.externalTrafficPolicy,
            'may only be set for externally-accessible services',
          ),
        )),
    ...when(!!spec.healthCheckNodePort && !hasHealthChecks(spec), () =>
      invalid(
        'spec.healthCheckNodePort',
        spec.healthCheckNodePort,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    ),
    ...optionalOneOf(spec.internalTrafficPolicy, policies, 'spec.internalTrafficPolicy'),
    ...optionalOneOf(
      spec.trafficDistribution,
      ['PreferClose', 'PreferSameNode', 'PreferSameZone'],
      'spec.trafficDistribution',
    ),
  ];
};

const isExternal = ({ type, externalIPs }: ServiceSpec): boolean =>
  type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && !!externalIPs?.length);

const hasHealthChecks = ({ type, externalTrafficPolicy }: ServiceSpec): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
