// The node ports of a Service (kubernetes pkg/registry/core/service/storage/alloc.go). Ports with the same number and
// different protocols, as DNS has, share one node port.
import type { FieldError } from '../../k8s/field-error.ts';
import type { ServicePort, ServiceSpec } from '../../k8s/generated/types.ts';
import type { Mutable } from '../defaults/mutable.ts';
import { invalid } from '../../k8s/field-errors.ts';
import { internal } from '../status-errors.ts';
import type { Transaction } from './transaction.ts';

type Spec = Mutable<ServiceSpec>;

const mayHaveNodePorts = ({ type }: ServiceSpec): boolean => type === 'NodePort' || type === 'LoadBalancer';

const wantsNodePorts = ({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean =>
  type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false);

const needsHealthCheckPort = ({ type, externalTrafficPolicy }: ServiceSpec): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';

/** The node ports that a stored Service owns, the one for health checks included. */
export const ownedNodePorts = (spec: ServiceSpec | undefined): ReadonlySet<number> =>
  new Set([...portsOf(spec), ...healthCheckPortOf(spec)]);

const portsOf = (spec: ServiceSpec | undefined): readonly number[] =>
  spec && mayHaveNodePorts(spec) ? (spec.ports ?? []).flatMap(({ nodePort }) => nodePort || []) : [];

const healthCheckPortOf = (spec: ServiceSpec | undefined): readonly number[] =>
  spec?.healthCheckNodePort && needsHealthCheckPort(spec) ? [spec.healthCheckNodePort] : [];

/** Takes what `spec` lacks compared with `before`, gives back what it no longer has. */
export const allocateNodePorts = (
  spec: Spec,
  before: ServiceSpec | undefined,
  pool: Transaction,
): readonly FieldError[] => {
  const errors = takeAsked(spec, before, pool);
  if (errors.length > 0) return errors;
  takeHealthCheckPort(spec, before, pool);
  if (wantsNodePorts(spec)) fillIn(spec.ports ?? [], pool);
  const kept = ownedNodePorts(spec);
  for (const port of ownedNodePorts(before)) if (!kept.has(port)) pool.release(port);
  return [];
};

const takeAsked = (spec: Spec, before: ServiceSpec | undefined, pool: Transaction): readonly FieldError[] => {
  const owned = new Set(portsOf(before)); // grows by what is taken, so that two ports may share a number
  return (mayHaveNodePorts(spec) ? (spec.ports ?? []) : []).flatMap(({ nodePort }, index) => {
    if (!nodePort || owned.has(nodePort)) return [];
    owned.add(nodePort);
    const why = refusal(nodePort, pool);
    return why ? [invalid(`spec.ports[${index}].nodePort`, nodePort, why)] : [];
  });
};

const refusal = (port: number, pool: Transaction): string | undefined => {
  switch (pool.take(port)) {
    case 'taken':
      return undefined;
    case 'in use':
      return 'provided port is already allocated';
    case 'out of range':
      return `provided port is not in the valid range. The range of valid ports is ${pool.range}`;
  }
};

/** No field is blamed for this port: kube-apiserver answers 500 when it cannot be had. */
const takeHealthCheckPort = (spec: Spec, before: ServiceSpec | undefined, pool: Transaction): void => {
  if (!needsHealthCheckPort(spec)) return;
  const asked = spec.healthCheckNodePort;
  if (asked && healthCheckPortOf(before).includes(asked)) return;
  const why = asked ? refusal(asked, pool) : undefined;
  if (why) throw internal(`failed to allocate requested HealthCheck NodePort ${asked}: ${why}`);
  spec.healthCheckNodePort = asked || takeAny(pool);
};

const fillIn = (ports: Mutable<ServicePort>[], pool: Transaction): void => {
  const nodePortByPort = new Map<number, number>();
  for (const { port, nodePort } of ports) if (nodePort) nodePortByPort.set(port, nodePort);
  for (const port of ports) {
    port.nodePort ||= nodePortByPort.get(port.port) ?? takeAny(pool);
    nodePortByPort.set(port.port, port.nodePort);
  }
};

const takeAny = (pool: Transaction): number => {
  const port = pool.takeAny();
  if (port === undefined) throw internal('failed to allocate a nodePort: range is full');
  return port;
};
