// The embedded Kubernetes API server: kinds, store and in-process clients, served over HTTPS where it is told to listen.
import type { ApiClient } from '../client/client.ts';
import { isNotFound } from '../k8s/api-error.ts';
import { nodes, pods, secrets, serviceAccounts } from '../k8s/resources.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { openAuditLog } from './audit/audit-log.ts';
import type { Family } from '../metrics/family.ts';
import { createPage } from '../metrics/page.ts';
import { type TokenOptions, createServiceAccountTokens } from './auth/service-account-tokens.ts';
import { type RegistryOptions, createRegistry } from './create-registry.ts';
import { createApiHandler } from './http/api-handler.ts';
import { createFrontend } from './http/frontend.ts';
import { createKubeletClient } from './http/kubelet-client.ts';
import { createPodStreams } from './http/pod-streams.ts';
import { createProxy } from './http/proxy/proxy.ts';
import { requestMetrics } from './http/request-metrics.ts';
import { type ApiListener, type Endpoint, type ServerHandlers, startServer } from './http/server.ts';
import { createInProcessClient } from './in-process-client.ts';
import { createKinds } from './kinds/kinds.ts';
import type { Registry, User } from './registry.ts';

export type ApiServerOptions = {
  readonly cluster: {
    readonly domain: string;
    readonly serviceCidrs: readonly [string, string];
    readonly nodePortRange: { readonly first: number; readonly last: number };
  };
  /** PEM. `ca` signed the clients' certificates too. */
  readonly tls: { readonly ca: string; readonly certificate: string; readonly key: string };
  /** PEM, P-256. `issuer` is a URL, and the audience of the tokens that name none. */
  readonly tokens: { readonly privateKey: string; readonly publicKey: string; readonly issuer: string };
  /** As whom the server calls the node agents, and where, for a Node that does not say. */
  readonly kubelet: { readonly port: number; readonly certificate: string; readonly key: string };
  /** Where objects outlive the process; in memory only without it. */
  readonly state?: Pick<RegistryOptions, 'journal' | 'restored'> | undefined;
  /** The file that audit events are appended to. */
  readonly auditLog?: string | undefined;
  readonly foretell?: RegistryOptions['foretell'];
  /** What /metrics shows; the server's own alone without it. */
  readonly metrics?: readonly Family[];
  readonly clock: Clock;
  readonly log: Log;
};

export type ApiServer = {
  readonly registry: Registry;
  readonly clientFor: (user: User) => ApiClient;
  /** Serves at these addresses too; resolves with the ports in use when all accept connections. */
  readonly listen: (endpoints: readonly Endpoint[]) => Promise<readonly number[]>;
  /** Ends all watches and connections. */
  readonly close: () => Promise<void>;
};

/** Nothing listens before `listen`. */
export const createApiServer = (options: ApiServerOptions): ApiServer => {
  const { cluster, tls, clock, log } = options;
  const registry = createRegistry({
    kinds: createKinds(cluster),
    clock,
    log,
    foretell: options.foretell,
    ...options.state,
  });
  const find = finderIn(registry);
  const tokens = createServiceAccountTokens({ ...options.tokens, clock, find });
  const kubelet = createKubeletClient({ ...options.kubelet, ca: tls.ca });
  const nodeAgents = { registry, kubelet, kubeletPort: options.kubelet.port };
  const podStreams = createPodStreams(nodeAgents);
  const proxy = createProxy(nodeAgents);
  const metrics = createPage(options.metrics ?? requestMetrics);
  const audit = options.auditLog === undefined ? undefined : openAuditLog(options.auditLog, log);
  const shared = { registry, tokens, podStreams, proxy, clock, log };
  const frontend = createFrontend({
    handle: createApiHandler({ ...shared, issuer: options.tokens, find, metrics }),
    registry,
    audit,
    tokens,
    podStreams,
    proxy,
    kubelet,
    clock,
    log,
  });
  const listeners = listenersFor(tls, frontend, log);
  let access: Promise<void> | undefined;
  return {
    registry,
    clientFor: (user) => createInProcessClient(registry, user),
    listen: async (endpoints) => {
      await (access ??= addDefaultAccess(registry));
      return listeners.listen(endpoints);
    },
    close: async () => {
      kubelet.close();
      await listeners.close();
      await audit?.close();
    },
  };
};

/** Users are let in only when the roles are there by which they are judged. */
const addDefaultAccess = async (registry: Registry): Promise<void> => {
  const { reconcileDefaultAccess } = await import('./auth/rbac/reconcile-access.ts');
  await reconcileDefaultAccess(registry);
};

const listenersFor = (
  tls: ApiServerOptions['tls'],
  handlers: ServerHandlers,
  log: Log,
): Pick<ApiServer, 'listen' | 'close'> => {
  const listeners: ApiListener[] = [];
  return {
    listen: async (endpoints) => {
      const started = await Promise.all(
        endpoints.map((endpoint) => startServer(endpoint, tls, handlers, log)),
      );
      listeners.push(...started);
      return started.map(({ port }) => port);
    },
    close: async () => {
      await Promise.all(listeners.splice(0).map((listener) => listener.close()));
    },
  };
};

const BOUND_TO = { ServiceAccount: serviceAccounts, Pod: pods, Node: nodes, Secret: secrets };

/** Looks objects up by kind and name: what tokens are bound to. */
const finderIn = (registry: Registry): TokenOptions['find'] => {
  return (kind, namespace, name) => {
    try {
      return registry.get(registry.kinds.find(BOUND_TO[kind])!, { name, namespace });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
};
