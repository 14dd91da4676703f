// An update of a Service that leaves allocated values out keeps them, and one that changes the type drops what the new
// type does not have (kubernetes pkg/registry/core/service/strategy.go and storage/storage.go).
import { isDeepStrictEqual } from 'node:util';
import type { Service, ServicePort, ServiceSpec } from '../../k8s/generated/types.ts';
import type { Mutable } from './mutable.ts';

type Spec = Mutable<ServiceSpec>;

/** clusterIPs is the newer twin of clusterIP: a client that knows only the older one may leave it out. */
export const alignClusterIps = (spec: Spec, before?: ServiceSpec): void => {
  const isChanged = (spec.clusterIP ?? '') !== (before?.clusterIP ?? '');
  const ips = spec.clusterIPs ?? [];
  if (!isChanged || (ips.length > 0 && !isDeepStrictEqual(ips, before?.clusterIPs))) return;
  if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP];
  else delete spec.clusterIPs;
};

const keepAllocated = (spec: Spec, before: ServiceSpec): void => {
  if (hasClusterIp(spec) && hasClusterIp(before)) {
    spec.clusterIP ||= before.clusterIP;
    if (!spec.clusterIPs?.length && spec.clusterIP === before.clusterIP && before.clusterIPs)
      spec.clusterIPs = [...before.clusterIPs];
  }
  if (wantsNodePorts(spec) && wantsNodePorts(before)) keepNodePorts(spec, before);
  if (hasHealthCheck(spec) && hasHealthCheck(before)) spec.healthCheckNodePort ||= before.healthCheckNodePort;
};

/** By the port's name, unless another port has the number by now. */
const keepNodePorts = (spec: Spec, before: ServiceSpec): void => {
  const used = new Set((spec.ports ?? []).map(({ nodePort }) => nodePort));
  const known = new Map((before.ports ?? []).map(({ name, nodePort }) => [name ?? '', nodePort]));
  for (const port of spec.ports ?? []) {
    const kept = known.get(port.name ?? '');
    if (!port.nodePort && kept && !used.has(kept)) port.nodePort = kept;
  }
};

type Rule = {
  readonly isFor: (spec: ServiceSpec) => boolean;
  readonly fields: readonly (keyof ServiceSpec)[];
};

const hasClusterIp = ({ type }: ServiceSpec): boolean => type !== 'ExternalName';
const hasNodePorts = ({ type }: ServiceSpec): boolean => type === 'NodePort' || type === 'LoadBalancer';
/** A load balancer that does without loses the node ports that an update leaves out. */
const wantsNodePorts = ({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean =>
  type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false);
const isBalanced = ({ type }: ServiceSpec): boolean => type === 'LoadBalancer';
const hasHealthCheck = ({ type, externalTrafficPolicy }: ServiceSpec): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
const hasExternalTraffic = (spec: ServiceSpec): boolean =>
  hasNodePorts(spec) || (spec.type === 'ClusterIP' && !!spec.externalIPs?.length);

const TYPE_DEPENDENT: readonly Rule[] = [
  { isFor: hasClusterIp, fields: ['clusterIP', 'clusterIPs'] },
  { isFor: hasClusterIp, fields: ['ipFamilies'] },
  { isFor: hasClusterIp, fields: ['ipFamilyPolicy'] },
  { isFor: hasHealthCheck, fields: ['healthCheckNodePort'] },
  { isFor: isBalanced, fields: ['allocateLoadBalancerNodePorts'] },
  { isFor: isBalanced, fields: ['loadBalancerClass'] },
  { isFor: hasExternalTraffic, fields: ['externalTrafficPolicy'] },
];

/** Only values that the user did not touch: what an update sets itself is validated instead. */
const dropForeign = (spec: Spec, before: ServiceSpec): void => {
  for (const { isFor, fields } of TYPE_DEPENDENT) {
    if (!isFor(before) || isFor(spec)) continue;
    if (fields.every((field) => isDeepStrictEqual(spec[field], before[field])))
      for (const field of fields) delete spec[field];
  }
  if (hasNodePorts(before) && !hasNodePorts(spec) && hasNoNewNodePort(spec.ports, before.ports))
    for (const port of spec.ports ?? []) delete port.nodePort;
};

const hasNoNewNodePort = (
  ports: readonly ServicePort[] | undefined,
  before: readonly ServicePort[] | undefined,
): boolean => numbersOf(ports).isSubsetOf(numbersOf(before));

const numbersOf = (ports: readonly ServicePort[] = []): ReadonlySet<number> =>
  new Set(ports.flatMap(({ nodePort }) => nodePort || []));

/** A load balancer's addresses end with it, even while it is still being taken down. */
export const prepareServiceUpdate = (service: Mutable<Service>, before: ServiceSpec): void => {
  const spec = service.spec!;
  alignClusterIps(spec, before);
  keepAllocated(spec, before);
  dropForeign(spec, before);
  if (!isBalanced(spec)) service.status = { ...service.status, loadBalancer: {} };
};
