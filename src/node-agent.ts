// A node agent: the pods of one node, their network, the service proxy and the cluster DNS. Only wiring.
// It runs on a thread of its own, which enters the node's network namespace before it opens anything.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { type HttpClient, createHttpClient } from './client/http-client.ts';
import type { ClusterConfig, NodeConfig } from './embedded/cluster-config.ts';
import { IMAGE_FOLDER, clusterFiles, nodeStateFolder } from './embedded/cluster-files.ts';
import type { PemPair } from './embedded/messages.ts';
import type { ResolvConf } from './embedded/resolv-conf.ts';
import { type Informer, startInformer } from './informer/informer.ts';
import type { Pod } from './k8s/generated/types.ts';
import { pods } from './k8s/resources.ts';
import { withoutOwners } from './k8s/trim.ts';
import { enterNetns, netnsPath } from './kernel/netns.ts';
import { type Nft, openNft } from './kernel/nft.ts';
import { mountTmpfs, unmountTmpfs } from './kernel/tmpfs.ts';
import { type Kubelet, startKubelet } from './kubelet/kubelet.ts';
import { systemClock as clock } from './lang/clock.ts';
import { type Log, createLog } from './lang/log.ts';
import { logUncaughtErrors } from './lang/uncaught-errors.ts';
import { dnsPage, nodePage, proxyPage } from './metric-pages.ts';
import { startPageServer } from './metrics/page-server.ts';
import { createPage } from './metrics/page.ts';
import { type NodeNetwork, startNodeNetwork } from './node-network.ts';
import { installMasquerade } from './podnetwork/masquerade.ts';
import { startNodeRoutes } from './podnetwork/node-routes.ts';
import { createPodNetwork } from './podnetwork/pod-network.ts';
import { createProcessRuntime } from './runtime/process/process-runtime.ts';
import { nodeCgroups } from './runtime/pod-cgroups.ts';
import type { PodRuntime } from './runtime/runtime.ts';
import type { ServiceProxy } from './services/service-proxy.ts';

export type AgentStart = {
  readonly kind: 'start';
  readonly config: ClusterConfig;
  readonly node: NodeConfig;
  readonly keys: PemPair & { readonly ca: string };
  readonly hostResolvConf: ResolvConf;
};

export type AgentMessage = AgentStart | { readonly kind: 'stop' } | { readonly kind: 'registered' };

const KUBELET_PORT = 10_250;
const PROXY_METRICS_PORT = 10_249;
const DNS_METRICS_PORT = 9153;
const MTU_BYTES = 1500;

type Stoppable = { readonly stop: () => Promise<void> };

/** What all parts of one agent share. */
type Agent = AgentStart & {
  readonly log: Log;
  readonly client: HttpClient;
  readonly nft: Nft;
  readonly network: NodeNetwork;
  /** Of this node. */
  readonly ownPods: Informer<Pod>;
  readonly stateFolder: string;
};

const start = async (message: AgentStart): Promise<Stoppable> => {
  const { config, node, keys } = message;
  const log = createLog('node-agent').child({ node: node.name });
  enterNetns(netnsPath(`podnet-${config.name}-${node.name}`));
  const server = `https://${config.hostAddresses[0]}:${config.apiPort}`;
  const client = createHttpClient({ server, ...keys, userAgent: 'kubelet', clock, log });
  const nft = openNft();
  const stateFolder = nodeStateFolder(config.name, node.name);
  mkdirSync(stateFolder, { recursive: true });
  const network = startNodeNetwork({ ...message, client, nft, stateFolder, log });
  const ownPods = startOwnPods(client, node, log);
  const agent: Agent = { ...message, log, client, nft, network, ownPods, stateFolder };

  installMasquerade({ nft, podCidrs: config.podCidrs, underlayCidrs: config.underlayCidrs });
  const routes = startNodeRoutes({ nodeName: node.name, nodes: network.informers.nodes, clock, log });
  const runtime = await startRuntime(agent);
  const kubelet = startPods(agent, runtime);
  const proxyPages = startProxyPages(network.proxy, log);
  const dnsPages = startDnsPages(agent);
  await Promise.all([kubelet.whenRegistered(), network.proxy.whenSynced()]);
  return {
    stop: async () => {
      await kubelet.stop();
      await Promise.all([proxyPages.stop(), dnsPages.stop(), network.stop(), routes.stop()]);
      await runtime.close();
      ownPods.stop();
      client.close();
    },
  };
};

const startRuntime = async ({
  config,
  node,
  nft,
  network: { policies },
  stateFolder,
  log,
}: Agent): Promise<PodRuntime> => {
  const names = { clusterName: config.name, nodeName: node.name };
  const network = createPodNetwork({
    ...names,
    podCidrs: node.podCidrs,
    stateFolder: join(stateFolder, 'addresses'),
    mtuBytes: MTU_BYTES,
    serviceAddresses: config.dnsServiceIps,
    gate: policies.gate,
    nft,
    clock,
    log,
  });
  const runtime = await createProcessRuntime({
    ...names,
    stateFolder: join(stateFolder, 'runtime'),
    runFolder: join(clusterFiles(config.name).run, node.name),
    imageFolder: IMAGE_FOLDER,
    cgroupParent: nodeCgroups(config.name, node.name).all,
    joinUnified: config.proxy !== 'nftables',
    network,
    clock,
    log,
  });
  const sandboxes = await runtime.listPodSandbox();
  await network.collectGarbage(new Set(sandboxes.map(({ id }) => id)));
  const attached = sandboxes.filter(({ state, ips }) => state === 'ready' && ips.length > 0);
  policies.start(attached.map(({ pod, ips }) => ({ pod, addresses: ips })));
  return runtime;
};

/** As kube-proxy serves them: on the node's loopback only. */
const startProxyPages = (proxy: ServiceProxy, log: Log): Stoppable =>
  startPageServer({
    host: '127.0.0.1',
    port: PROXY_METRICS_PORT,
    pages: {
      '/metrics': createPage(proxyPage),
      '/healthz': () => 'ok',
      '/proxyMode': proxy.mode,
    },
    log,
  });

/** As CoreDNS serves them: where a Prometheus in the cluster can ask. */
const startDnsPages = ({ node, log }: Agent): Stoppable =>
  startPageServer({
    host: node.addresses[0],
    port: DNS_METRICS_PORT,
    pages: { '/metrics': createPage(dnsPage) },
    log,
  });

const startPods = (agent: Agent, runtime: PodRuntime): Kubelet => {
  const { config, node, keys, network, client, hostResolvConf, stateFolder, log } = agent;
  return startKubelet({
    client,
    runtime,
    node,
    cluster: config,
    pods: agent.ownPods,
    services: network.informers.services,
    stateFolder: join(stateFolder, 'pods'),
    logFolder: join(clusterFiles(config.name).logs, node.name),
    hostResolvConf,
    memoryFiles: {
      mount: (path, sizeBytes) => mountTmpfs(path, { sizeBytes, mode: '0777' }),
      unmount: unmountTmpfs,
    },
    server: { port: KUBELET_PORT, addresses: node.addresses, ...keys },
    metrics: nodePage,
    pages: { flows: network.flows.page },
    clock,
    log,
  });
};

const startOwnPods = (client: HttpClient, { name }: NodeConfig, log: Log): Informer<Pod> =>
  startInformer({
    client,
    resource: pods,
    fieldSelector: `spec.nodeName=${name}`,
    transform: withoutOwners,
    clock,
    log,
  });

const run = async (message: AgentStart): Promise<void> => {
  const agent = await start(message);
  logUncaughtErrors(createLog('node-agent').child({ node: message.node.name })); // before, they end the start
  parentPort!.postMessage({ kind: 'registered' } satisfies AgentMessage);
  parentPort!.once('message', () => void agent.stop().finally(() => process.exit(0)));
};

parentPort?.once('message', (message: AgentStart) => {
  run(message).catch((error: unknown) => {
    throw error; // ends this thread: the cluster's process hears of it
  });
});
