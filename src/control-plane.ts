// The control plane: the API server, the objects that every cluster has, and the controllers. Only wiring.
import { createApiServer } from './apiserver/api-server.ts';
import type { ApiClient } from './client/client.ts';
import { type BootstrapObject, bootstrapObjects } from './embedded/bootstrap-objects.ts';
import type { ClusterConfig } from './embedded/cluster-config.ts';
import type { ClusterKeys } from './embedded/messages.ts';
import { endpointIndexes, startEndpoints } from './endpoints/endpoints.ts';
import { parsePrefix } from './ip/prefix.ts';
import { type InformerOptions, startInformer } from './informer/informer.ts';
import type { KubeObject } from './k8s/objects.ts';
import * as resources from './k8s/resources.ts';
import type { Clock } from './lang/clock.ts';
import type { Log } from './lang/log.ts';
import { controlPlanePage } from './metric-pages.ts';
import { loadBalancerIndexes, startLoadBalancers } from './loadbalancer/load-balancers.ts';
import { lifecycleIndexes, startLifecycle } from './lifecycle/lifecycle.ts';
import { roleIndexes, startRoles } from './roles/roles.ts';
import { startScheduler } from './scheduler/scheduler.ts';
import { startServiceAddresses } from './service-addresses/service-addresses.ts';
import { bridgeName } from './underlay/names.ts';
import { startServiceRoutes } from './underlay/service-routes.ts';
import { startWorkloads, workloadIndexes } from './workloads/workloads.ts';

export type ControlPlaneOptions = {
  readonly config: ClusterConfig;
  readonly keys: ClusterKeys;
  readonly auditLog: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
};

export type ControlPlane = { readonly stop: () => Promise<void> };

const KUBELET_PORT = 10_250;

export const startControlPlane = async ({
  config,
  keys,
  auditLog,
  clock,
  log,
}: ControlPlaneOptions): Promise<ControlPlane> => {
  const { domain, serviceCidrs, nodePortRange } = config;
  const server = createApiServer({
    cluster: { domain, serviceCidrs, nodePortRange },
    tls: { ca: keys.ca, ...keys.apiServer },
    tokens: { ...keys.tokens, issuer: `https://kubernetes.default.svc.${domain}` },
    kubelet: { port: KUBELET_PORT, ...keys.kubeletClient },
    auditLog,
    metrics: controlPlanePage,
    clock,
    log: log.child({ component: 'apiserver' }),
  });
  const objects = bootstrapObjects(config);
  await createAll(server.clientFor({ name: 'system:apiserver', groups: ['system:masters'] }), objects);
  const controllers = startControllers(
    (name) => server.clientFor({ name: `system:${name}`, groups: ['system:masters'] }),
    { caCertificate: keys.ca, config, keptObjects: objects, clock, log },
  );
  await server.listen(
    ['127.0.0.1', '::1', ...config.hostAddresses].map((host) => ({ host, port: config.apiPort })),
  );
  return {
    stop: async () => {
      await Promise.all(controllers.map((controller) => controller.stop()));
      await server.close();
    },
  };
};

/** In order: namespaces first, Services before their endpoints. */
const createAll = async (client: ApiClient, objects: readonly BootstrapObject[]): Promise<void> => {
  for (const { resource, object } of objects) await client.create(resource, object);
};

type Stoppable = { readonly stop: () => Promise<void> };

const startControllers = (
  clientFor: (component: string) => ApiClient,
  context: {
    readonly caCertificate: string;
    readonly config: ClusterConfig;
    readonly keptObjects: readonly BootstrapObject[];
    readonly clock: Clock;
    readonly log: Log;
  },
): readonly Stoppable[] => {
  const { caCertificate, config, clock } = context;
  const watcher = clientFor('kube-controller-manager');
  const informer = <T extends KubeObject>(
    resource: InformerOptions<T>['resource'],
    indexes: InformerOptions<T>['indexes'] = {},
  ): ReturnType<typeof startInformer<T>> =>
    startInformer<T>({ client: watcher, resource, indexes, clock, log: context.log });

  const pods = informer(resources.pods, {
    ...workloadIndexes.pods,
    ...endpointIndexes.pods,
    ...lifecycleIndexes.pods,
  });
  const nodes = informer(resources.nodes);
  const services = informer(resources.services, {
    ...endpointIndexes.services,
    ...loadBalancerIndexes.services,
  });
  const namespaces = informer(resources.namespaces);
  const leases = informer(resources.leases);
  const deployments = informer(resources.deployments, workloadIndexes.deployments);
  const replicaSets = informer(resources.replicaSets, workloadIndexes.replicaSets);
  const endpointSlices = informer(resources.endpointSlices, {
    ...endpointIndexes.endpointSlices,
    ...loadBalancerIndexes.endpointSlices,
  });
  const endpoints = informer(resources.endpoints);
  const clusterRoles = informer(resources.clusterRoles, roleIndexes.clusterRoles);
  const serviceCidrs = informer(resources.serviceCidrs);
  const ipAddresses = informer(resources.ipAddresses);

  const of = (component: string): { client: ApiClient; clock: Clock; log: Log } => ({
    client: clientFor(component),
    clock,
    log: context.log.child({ component }),
  });
  return [
    startWorkloads({ ...of('kube-controller-manager'), deployments, replicaSets, pods }),
    startScheduler({ ...of('kube-scheduler'), pods, nodes }),
    startRoles({ ...of('clusterrole-aggregation-controller'), clusterRoles }),
    startEndpoints({ ...of('endpoint-controller'), services, pods, nodes, endpointSlices, endpoints }),
    startServiceAddresses({
      ...of('service-cidr-controller'),
      services,
      serviceCidrs,
      ipAddresses,
      defaultCidrs: config.serviceCidrs,
    }),
    startLoadBalancers({
      ...of('service-controller'),
      services,
      endpointSlices,
      nodes,
      pools: config.loadBalancerPools.map((cidr) => parsePrefix(cidr)!),
      linkName: bridgeName(config.name),
    }),
    startServiceRoutes({ config, serviceCidrs, clock, log: context.log.child({ component: 'underlay' }) }),
    startLifecycle({
      ...of('kube-controller-manager'),
      resources: resources.allResources,
      namespaces,
      nodes,
      pods,
      leases,
      keptObjects: context.keptObjects,
      caCertificate,
    }),
  ];
};
