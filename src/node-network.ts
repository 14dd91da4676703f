// What a node agent does apart from pods: the service proxy, the policies and the cluster DNS, and the caches that they look at. Only
// wiring. A process of its own can be made of it: what a node of a cluster needs that runs its pods by other means.
import { join } from 'node:path';
import type { ApiClient } from './client/client.ts';
import { type EventRecorder, createEventRecorder } from './client/event-recorder.ts';
import { type Dns, dnsIndexes, startDns } from './dns/dns.ts';
import { startPodAddresses } from './dns/pod-addresses.ts';
import type { ClusterConfig, NodeConfig } from './embedded/cluster-config.ts';
import { DOMAIN_NAMES_FILE } from './embedded/cluster-files.ts';
import type { ResolvConf } from './embedded/resolv-conf.ts';
import { startCustomInformer } from './informer/custom-informer.ts';
import { type Informer, type InformerOptions, startInformer } from './informer/informer.ts';
import { clusterNetworkPolicies } from './k8s/cluster-network-policy.ts';
import { createTrim, withoutOwners } from './k8s/trim.ts';
import type { KubeObject } from './k8s/objects.ts';
import * as resources from './k8s/resources.ts';
import type { Nft } from './kernel/nft.ts';
import { systemClock as clock } from './lang/clock.ts';
import type { Log } from './lang/log.ts';
import { nodeCgroups } from './runtime/pod-cgroups.ts';
import { createPolicyCompiler } from './policy/compile/policy-compiler.ts';
import { type NodeFlows, startNodeFlows } from './policy/flows/node-flows.ts';
import { openNamesFile } from './policy/names/names-file.ts';
import { type PolicyAgent, type PolicyAgentOptions, createPolicyAgent } from './policy/policy-agent.ts';
import { startHeldReport } from './policy/status/report.ts';
import { type ServiceProxy, sliceIndexes, startServiceProxy } from './services/service-proxy.ts';

export type NodeNetworkOptions = {
  readonly config: ClusterConfig;
  readonly node: NodeConfig;
  /** Opened, as all that follows, by a thread that is in the node's network namespace. */
  readonly client: ApiClient;
  readonly nft: Nft;
  readonly hostResolvConf: ResolvConf;
  /** There already. */
  readonly stateFolder: string;
  readonly log: Log;
};

export type NodeNetwork = {
  readonly informers: ReturnType<typeof startInformers>;
  readonly proxy: ServiceProxy;
  readonly dns: Dns;
  /** To be started when the node's sandboxes are known. */
  readonly policies: PolicyAgent;
  readonly flows: NodeFlows;
  readonly stop: () => Promise<void>;
};

export const startNodeNetwork = (options: NodeNetworkOptions): NodeNetwork => {
  const informers = startInformers(options);
  const proxy = startProxy(options, informers);
  const held = startHeldReport({ ...options, nodeName: options.node.name, clock });
  const recorder = recorderOf(options);
  const policies = createPolicies(options, informers, { recorder, onHeld: held.report });
  const dns = startNames(options, informers, policies);
  const flows = startNodeFlows({
    ...options,
    ...policies,
    ...informers,
    nodeName: options.node.name,
    recorder,
    clock,
  });
  return {
    informers,
    proxy,
    dns,
    policies,
    flows,
    stop: async () => {
      flows.stop();
      await Promise.all([proxy.stop(), dns.stop(), policies.stop(), held.stop()]);
      for (const informer of Object.values(informers)) informer.stop();
    },
  };
};

type Informers = NodeNetwork['informers'];

const startProxy = ({ config, node, nft, log }: NodeNetworkOptions, informers: Informers): ServiceProxy =>
  startServiceProxy({
    nodeName: node.name,
    zone: node.zone,
    nodeAddresses: node.addresses,
    podCidrs: config.podCidrs,
    nodePortAddresses: config.nodePortAddresses,
    serviceCidrs: [...config.serviceCidrs, ...config.loadBalancerPools],
    laterServiceCidrs: informers.serviceCidrs,
    services: informers.services,
    endpointSlices: informers.endpointSlices,
    nodes: informers.nodes,
    nft,
    backEnd: config.proxy,
    podCgroup: nodeCgroups(config.name, node.name).translated,
    clock,
    log,
  });

const startNames = (
  { config, node, nft, hostResolvConf, log }: NodeNetworkOptions,
  informers: Informers,
  policies: PolicyAgent,
): Dns =>
  startDns({
    domain: config.domain,
    addresses: config.dnsServiceIps,
    nodeAddresses: node.addresses,
    nft,
    reverseCidrs: [...config.podCidrs, ...config.serviceCidrs],
    nodeName: node.name,
    services: informers.services,
    endpointSlices: informers.endpointSlices,
    namespaces: informers.namespaces,
    pods: informers.podAddresses,
    nodes: informers.nodes,
    configMaps: informers.dnsConfigMaps,
    serviceCidrs: informers.serviceCidrs,
    upstreams: hostResolvConf.nameservers.map((address) => ({ address, port: 53 })),
    watch: policies.names,
    clock,
    log,
  });

const recorderOf = ({ client, node, log }: NodeNetworkOptions): EventRecorder =>
  createEventRecorder({ client, component: 'podnet-policy', host: node.name, clock, log });

const createPolicies = (
  { config, nft, stateFolder, log }: NodeNetworkOptions,
  informers: Informers,
  told: Pick<PolicyAgentOptions, 'recorder' | 'onHeld'>,
): PolicyAgent =>
  createPolicyAgent({
    sources: informers,
    compiler: createPolicyCompiler(),
    namesFile: openNamesFile({ path: join(stateFolder, DOMAIN_NAMES_FILE), clock, log }),
    dnsAddresses: config.dnsServiceIps,
    liveConnections: config.policyLiveConnections,
    ...told,
    nft,
    clock,
    log,
  });

const startInformers = ({ client, log }: NodeNetworkOptions) => {
  const trim = createTrim();
  const informer = <T extends KubeObject>(
    resource: InformerOptions<T>['resource'],
    options: Pick<InformerOptions<T>, 'indexes' | 'namespace' | 'fieldSelector' | 'transform'> = {},
  ): Informer<T> => startInformer<T>({ client, resource, transform: withoutOwners, clock, log, ...options });
  return {
    nodes: informer(resources.nodes),
    services: informer(resources.services, { transform: trim.service }),
    endpointSlices: informer(resources.endpointSlices, {
      indexes: { ...sliceIndexes, ...dnsIndexes.endpointSlices },
      transform: trim.endpointSlice,
    }),
    namespaces: informer(resources.namespaces),
    podAddresses: startPodAddresses({ client, clock, log }),
    dnsConfigMaps: informer(resources.configMaps, {
      namespace: 'kube-system',
      fieldSelector: 'metadata.name=coredns',
    }),
    serviceCidrs: informer(resources.serviceCidrs),
    pods: informer(resources.pods, { transform: trim.pod }),
    networkPolicies: informer(resources.networkPolicies),
    clusterNetworkPolicies: startCustomInformer({
      client,
      resources: clusterNetworkPolicies,
      transform: withoutOwners,
      clock,
      log,
    }),
  };
};
