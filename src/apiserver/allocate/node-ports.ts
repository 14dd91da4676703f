// The node ports of a Service (kubernetes pkg/registry/core/service/storage/alloc.go). Ports with the same number and
// different protocols, as DNS has, share one node port.
import type { FieldError } from '../../k8s/field-error.ts';
import type { ServicePort, ServiceSpec } from '../../k8s/generated/types.ts';
import type { Mutable } from '../defaults/mutable.ts';
import { invalid } from '../../k8s/field-errors.ts';
import { rangeIsFull } from './range-is-full.ts';
import type { Pool } from './service-pools.ts';
import type { Transaction } from './transaction.ts';

type Spec = Mutable<ServiceSpec>;

const mayHaveNodePorts = ({ type }: ServiceSpec): boolean => type === 'NodePort' || type === 'LoadBalancer';

const wantsNodePorts = ({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean =>
  type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false);

const needsHealthCheckPort = ({ type, externalTrafficPolicy }: ServiceSpec): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';

/** The node ports that a stored Service owns, the one for health checks included. */
export const ownedNodePorts = (spec: ServiceSpec | undefined): ReadonlySet<number> => {
  const ports = spec && mayHaveNodePorts(spec) ? (spec.ports ?? []).map(({ nodePort }) => nodePort ?? 0) : [];
  const health = spec && needsHealthCheckPort(spec) ? [spec.healthCheckNodePort ?? 0] : [];
  return new Set([...ports, ...health].filter((port) => port > 0));
};

/** Takes what `spec` lacks compared with `before`, gives back what it no longer has. */
export const allocateNodePorts = (
  spec: Spec,
  before: ServiceSpec | undefined,
  pool: Pool<number>,
  transaction: Transaction,
): readonly FieldError[] => {
  const owned = new Set(ownedNodePorts(before));
  const errors = [
    ...takeAsked(spec, owned, pool, transaction),
    ...takeHealthCheckPort(spec, owned, pool, transaction),
  ];
  if (errors.length > 0) return errors;
  if (wantsNodePorts(spec)) fillIn(spec.ports ?? [], pool, transaction);
  const kept = ownedNodePorts(spec);
  for (const port of ownedNodePorts(before)) if (!kept.has(port)) transaction.release(pool, port);
  return [];
};

/** `owned` grows by what is taken, so that two ports may share a number. */
const takeAsked = (
  spec: Spec,
  owned: Set<number>,
  pool: Pool<number>,
  transaction: Transaction,
): readonly FieldError[] =>
  (mayHaveNodePorts(spec) ? (spec.ports ?? []) : []).flatMap(({ nodePort }, index) => {
    if (!nodePort || owned.has(nodePort)) return [];
    const why = refusal(nodePort, pool, transaction);
    owned.add(nodePort);
    return why ? [invalid(`spec.ports[${index}].nodePort`, nodePort, why)] : [];
  });

const refusal = (port: number, pool: Pool<number>, transaction: Transaction): string | undefined => {
  switch (transaction.take(pool, port)) {
    case 'taken':
      return undefined;
    case 'in use':
      return 'provided port is already allocated';
    case 'out of range':
      return `provided port is not in the valid range. The range of valid ports is ${pool.range}`;
  }
};

const takeHealthCheckPort = (
  spec: Spec,
  owned: ReadonlySet<number>,
  pool: Pool<number>,
  transaction: Transaction,
): readonly FieldError[] => {
  if (!needsHealthCheckPort(spec)) return [];
  const asked = spec.healthCheckNodePort;
  if (!asked) spec.healthCheckNodePort = takeAny(pool, transaction);
  if (!asked || owned.has(asked)) return [];
  const why = refusal(asked, pool, transaction);
  return why ? [invalid('spec.healthCheckNodePort', asked, why)] : [];
};

const fillIn = (ports: Mutable<ServicePort>[], pool: Pool<number>, transaction: Transaction): void => {
  const nodePortByPort = new Map<number, number>();
  for (const { port, nodePort } of ports) if (nodePort) nodePortByPort.set(port, nodePort);
  for (const port of ports) {
    port.nodePort ||= nodePortByPort.get(port.port) ?? takeAny(pool, transaction);
    nodePortByPort.set(port.port, port.nodePort);
  }
};

const takeAny = (pool: Pool<number>, transaction: Transaction): number => {
  const port = transaction.takeAny(pool);
  if (port === undefined) throw rangeIsFull('nodePort');
  return port;
};
