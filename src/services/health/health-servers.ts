// The proxy's HTTP servers on the addresses of its node.
import type { Informer } from '../../informer/informer.ts';
import type { Node } from '../../k8s/generated/types.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { ServiceSnapshot } from '../select.ts';
import { healthCheckOf } from './health-check.ts';
import { HealthChecks } from './health-checks.ts';
import { listenHttp } from './http-listener.ts';
import { ProxyHealth } from './proxy-health.ts';

export type HealthServersOptions = {
  readonly nodeName: string;
  readonly nodeAddresses: readonly string[];
  readonly nodes: Pick<Informer<Node>, 'get'>;
  readonly clock: Clock;
  readonly log: Log;
};

export type HealthServers = {
  readonly health: ProxyHealth;
  /** The Service as it is now, undefined if there is nothing of it for a proxy. */
  readonly setService: (key: string, service: ServiceSnapshot | undefined) => void;
  readonly close: () => Promise<void>;
};

/** kube-proxy's --healthz-bind-address. */
const HEALTH_PORT = 10_256;

export const startHealthServers = (options: HealthServersOptions): HealthServers => {
  const { nodeName, nodeAddresses: addresses, nodes, clock, log } = options;
  const health = new ProxyHealth(clock);
  const checks = new HealthChecks({ addresses, isProxyHealthy: () => health.isHealthy, log });
  const listener = listenHttp(addresses, HEALTH_PORT, (path) =>
    health.answer(path, nodes.get(nodeName)),
  ).catch((error: unknown) => log.warn({ port: HEALTH_PORT, err: error }, 'proxy health port not opened'));
  return {
    health,
    setService: (key, service) => checks.set(key, service && healthCheckOf(service, nodeName)),
    close: async () => {
      await checks.close();
      await (await listener)?.close();
    },
  };
};
