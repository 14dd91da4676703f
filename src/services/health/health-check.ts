// What load balancers hear of this node: how many endpoints of their Service it has (healthCheckNodePort).
import type { ServiceSnapshot } from '../select.ts';
import type { Answer } from './http-listener.ts';

export type HealthCheck = {
  readonly service: string;
  readonly port: number;
  readonly localEndpoints: number;
};

/**
 * Only ready endpoints count: a node whose last ones terminate must be taken out of the load balancer while they still
 * answer (KEP-1669). A dual-stack pod counts once: those of the Service's first family do. Undefined if no load balancer is to ask.
 */
export const healthCheckOf = (service: ServiceSnapshot, nodeName: string): HealthCheck | undefined => {
  if (service.healthCheckPort === undefined) return undefined;
  const family = service.clusterIps[0]?.family;
  const local = service.ports
    .flatMap(({ candidates }) => candidates)
    .filter((each) => each.isReady && each.nodeName === nodeName && each.family === family);
  return {
    service: service.key,
    port: service.healthCheckPort,
    localEndpoints: new Set(local.map(({ address }) => address)).size,
  };
};

/** The header is for load balancers that weigh nodes. */
export const healthCheckAnswer = (
  { service, localEndpoints }: HealthCheck,
  isProxyHealthy: boolean,
): Answer => {
  const [namespace, name] = service.split('/');
  return {
    status: localEndpoints > 0 && isProxyHealthy ? 200 : 503,
    headers: { 'X-Load-Balancing-Endpoint-Weight': `${localEndpoints}` },
    body: { service: { namespace, name }, localEndpoints, serviceProxyHealthy: isProxyHealthy },
  };
};
