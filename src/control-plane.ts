// The control plane: the API server, the objects that every cluster has, and the controllers. Only wiring.
import { createApiServer } from './apiserver/api-server.ts';
import type { ApiClient } from './client/client.ts';
import { unlessGone } from './k8s/api-error.ts';
import { type BootstrapObject, bootstrapObjects } from './embedded/bootstrap-objects.ts';
import type { ClusterConfig } from './embedded/cluster-config.ts';
import type { ClusterKeys } from './embedded/messages.ts';
import { startCertificates } from './certificates/certificates.ts';
import { disruptionIndexes, startDisruption } from './disruption/disruption.ts';
import { endpointIndexes, startEndpoints } from './endpoints/endpoints.ts';
import { parsePrefix } from './ip/prefix.ts';
import { startCustomInformer } from './informer/custom-informer.ts';
import { type InformerOptions, startInformer } from './informer/informer.ts';
import { clusterNetworkPolicies } from './k8s/cluster-network-policy.ts';
import type { KubeObject } from './k8s/objects.ts';
import * as resources from './k8s/resources.ts';
import type { Clock } from './lang/clock.ts';
import type { Log } from './lang/log.ts';
import { controlPlanePage } from './metric-pages.ts';
import { loadBalancerIndexes, startLoadBalancers } from './loadbalancer/load-balancers.ts';
import { lifecycleIndexes, startLifecycle } from './lifecycle/lifecycle.ts';
import { roleIndexes, startRoles } from './roles/roles.ts';
import { clusterNetworkPolicyRules } from './policy/model/cluster-network-policy.ts';
import { networkPolicyRules } from './policy/model/network-policy.ts';
import { foretellPolicies } from './policy/foretell.ts';
import { policyStatusIndexes, startPolicyStatus } from './policy/status/policy-status.ts';
import { startScheduler } from './scheduler/scheduler.ts';
import { startServiceAddresses } from './service-addresses/service-addresses.ts';
import type { State } from './state/state.ts';
import { bridgeName } from './underlay/names.ts';
import { startServiceRoutes } from './underlay/service-routes.ts';
import { startWorkloadInformers, startWorkloads, workloadIndexes } from './workloads/workloads.ts';

export type ControlPlaneOptions = {
  readonly config: ClusterConfig;
  readonly keys: ClusterKeys;
  readonly auditLog: string | undefined;
  /** Closed at the end. */
  readonly state: State | undefined;
  readonly clock: Clock;
  readonly log: Log;
};

export type ControlPlane = { readonly stop: () => Promise<void> };

const KUBELET_PORT = 10_250;

export const startControlPlane = async ({
  config,
  keys,
  auditLog,
  state,
  clock,
  log,
}: ControlPlaneOptions): Promise<ControlPlane> => {
  const { domain, serviceCidrs, nodePortRange } = config;
  const server = createApiServer({
    cluster: { domain, serviceCidrs, nodePortRange },
    tls: { ca: keys.ca, ...keys.apiServer },
    tokens: { ...keys.tokens, issuer: `https://kubernetes.default.svc.${domain}` },
    kubelet: { port: KUBELET_PORT, ...keys.kubeletClient },
    state,
    auditLog,
    metrics: controlPlanePage,
    foretell: foretellPolicies,
    clock,
    log: log.child({ component: 'apiserver' }),
  });
  const objects = bootstrapObjects(config);
  await createAll(server.clientFor({ name: 'system:apiserver', groups: ['system:masters'] }), objects);
  const controllers = startControllers(
    (name) => server.clientFor({ name: `system:${name}`, groups: ['system:masters'] }),
    { caCertificate: keys.ca, caKey: keys.caKey, config, keptObjects: objects, clock, log },
  );
  await server.listen(
    ['127.0.0.1', '::1', ...config.hostAddresses].map((host) => ({ host, port: config.apiPort })),
  );
  return {
    stop: async () => {
      await Promise.all(controllers.map((controller) => controller.stop()));
      await server.close();
      await state?.close();
    },
  };
};

/** What is not there yet, in order: namespaces first, Services before their endpoints. */
const createAll = async (client: ApiClient, objects: readonly BootstrapObject[]): Promise<void> => {
  for (const { resource, object } of objects) {
    const { name, namespace } = object.metadata as { readonly name: string; readonly namespace?: string };
    if (!(await unlessGone(client.get(resource, { name, namespace })))) await client.create(resource, object);
  }
};

type Stoppable = { readonly stop: () => Promise<void> };

type Context = {
  readonly caCertificate: string;
  readonly caKey: string;
  readonly config: ClusterConfig;
  readonly keptObjects: readonly BootstrapObject[];
  readonly clock: Clock;
  readonly log: Log;
};

type ClientFor = (component: string) => ApiClient;

const startControllers = (clientFor: ClientFor, context: Context): readonly Stoppable[] => {
  const { caCertificate, caKey, config, clock, keptObjects } = context;
  const authority = { certificate: caCertificate, key: caKey };
  const informers = startInformers(clientFor('kube-controller-manager'), context);
  const of = (component: string): { client: ApiClient; clock: Clock; log: Log } => ({
    client: clientFor(component),
    clock,
    log: context.log.child({ component }),
  });
  return [
    startWorkloads({ ...of('kube-controller-manager'), ...informers }),
    startScheduler({ ...of('kube-scheduler'), ...informers }),
    startCertificates({
      ...of('certificate-controller'),
      ...informers,
      sign: async (request) => (await import('./pki/sign-request.ts')).signRequest(authority, request),
    }),
    startDisruption({ ...of('disruption-controller'), ...informers }),
    startRoles({ ...of('clusterrole-aggregation-controller'), ...informers }),
    startEndpoints({ ...of('endpoint-controller'), ...informers }),
    startServiceAddresses({
      ...of('service-cidr-controller'),
      ...informers,
      defaultCidrs: config.serviceCidrs,
    }),
    startLoadBalancers({
      ...of('service-controller'),
      ...informers,
      pools: config.loadBalancerPools.map((cidr) => parsePrefix(cidr)!),
      linkName: bridgeName(config.name),
    }),
    startServiceRoutes({ ...of('underlay'), ...informers, config }),
    startPolicyStatus(
      { ...of('policy-status'), ...informers },
      {
        resources: [resources.networkPolicies],
        informer: informers.networkPolicies,
        rulesOf: networkPolicyRules,
      },
    ),
    startPolicyStatus(
      { ...of('policy-status'), ...informers },
      {
        resources: clusterNetworkPolicies,
        informer: informers.clusterNetworkPolicies,
        rulesOf: clusterNetworkPolicyRules,
      },
    ),
    startLifecycle({
      ...of('kube-controller-manager'),
      ...informers,
      resources: resources.allResources,
      keptObjects,
      caCertificate,
    }),
  ];
};

/** One cache of each kind, for all the controllers. */
const startInformers = (client: ApiClient, { clock, log }: Context) => {
  const informer = <T extends KubeObject>(
    resource: InformerOptions<T>['resource'],
    indexes: InformerOptions<T>['indexes'] = {},
  ): ReturnType<typeof startInformer<T>> => startInformer<T>({ client, resource, indexes, clock, log });
  return {
    pods: informer(resources.pods, {
      ...workloadIndexes.pods,
      ...endpointIndexes.pods,
      ...lifecycleIndexes.pods,
      ...disruptionIndexes.pods,
      ...policyStatusIndexes.pods,
    }),
    certificateSigningRequests: informer(resources.certificateSigningRequests),
    podDisruptionBudgets: informer(resources.podDisruptionBudgets, disruptionIndexes.podDisruptionBudgets),
    nodes: informer(resources.nodes),
    services: informer(resources.services, { ...endpointIndexes.services, ...loadBalancerIndexes.services }),
    namespaces: informer(resources.namespaces),
    leases: informer(resources.leases),
    ...startWorkloadInformers(informer),
    endpointSlices: informer(resources.endpointSlices, {
      ...endpointIndexes.endpointSlices,
      ...loadBalancerIndexes.endpointSlices,
    }),
    endpoints: informer(resources.endpoints),
    clusterRoles: informer(resources.clusterRoles, roleIndexes.clusterRoles),
    serviceCidrs: informer(resources.serviceCidrs),
    definitions: informer(resources.customResourceDefinitions),
    ipAddresses: informer(resources.ipAddresses),
    networkPolicies: informer(resources.networkPolicies, policyStatusIndexes.policies),
    clusterNetworkPolicies: startCustomInformer({
      client,
      resources: clusterNetworkPolicies,
      indexes: policyStatusIndexes.policies,
      clock,
      log,
    }),
  };
};
