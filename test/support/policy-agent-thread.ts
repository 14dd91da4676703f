// The real policy agent and the cluster DNS in a thread inside a node's network namespace, fed by an API in memory.
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { createEventRecorder } from '../../src/client/event-recorder.ts';
import { dnsIndexes, startDns } from '../../src/dns/dns.ts';
import { startPodAddresses } from '../../src/dns/pod-addresses.ts';
import { startCustomInformer } from '../../src/informer/custom-informer.ts';
import { startInformer } from '../../src/informer/informer.ts';
import { clusterNetworkPolicies } from '../../src/k8s/cluster-network-policy.ts';
import type { KubeObject } from '../../src/k8s/objects.ts';
import {
  customResourceDefinitions,
  endpointSlices,
  namespaces,
  networkPolicies,
  nodes,
  pods,
  services,
} from '../../src/k8s/resources.ts';
import type { Resource } from '../../src/k8s/resources.ts';
import { createTrim } from '../../src/k8s/trim.ts';
import { enterNetns } from '../../src/kernel/netns.ts';
import { openNft } from '../../src/kernel/nft.ts';
import { systemClock as clock } from '../../src/lang/clock.ts';
import { createLog } from '../../src/lang/log.ts';
import { createPolicyCompiler } from '../../src/policy/compile/policy-compiler.ts';
import type { Sandbox } from '../../src/policy/locals.ts';
import { openNamesFile } from '../../src/policy/names/names-file.ts';
import { createPolicyAgent } from '../../src/policy/policy-agent.ts';
import { createFakeClient } from './fake-client.ts';

const RESOURCES = {
  pods,
  namespaces,
  nodes,
  networkPolicies,
  customResourceDefinitions,
  clusterNetworkPolicies: clusterNetworkPolicies[0],
  services,
  endpointSlices,
};

export type PolicyOrder =
  | { readonly put: keyof typeof RESOURCES; readonly object: KubeObject }
  | { readonly remove: keyof typeof RESOURCES; readonly key: string };

export type PolicySetup = {
  readonly netns: string;
  readonly dnsAddresses: readonly string[];
  readonly liveConnections: 'cut' | 'keep';
  /** The agent after this one finds names there. */
  readonly namesFile: string;
  /** Whom the DNS asks for names that are not the cluster's. */
  readonly upstream: { readonly address: string; readonly port: number };
  /** Those of the node. */
  readonly sandboxes: readonly Sandbox[];
  readonly objects: readonly PolicyOrder[];
};

export type PolicyAgentThread = {
  /** Writes to the API; what it changes in the kernel is to be waited for. */
  readonly order: (order: PolicyOrder) => void;
  /** Ends the thread at once, as kill -9 would. */
  readonly close: () => Promise<void>;
};

/** Starts the agent; resolves when it is synced. */
export const startPolicyAgentThread = (setup: PolicySetup): Promise<PolicyAgentThread> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { policies: setup } });
    worker.once('error', reject);
    worker.once('message', () =>
      resolve({
        order: (order) => worker.postMessage(order),
        close: async () => void (await worker.terminate()),
      }),
    );
  });

const run = async ({
  netns,
  dnsAddresses,
  liveConnections,
  namesFile,
  upstream,
  sandboxes,
  objects,
}: PolicySetup): Promise<void> => {
  enterNetns(netns);
  const client = createFakeClient(100_000);
  const handle = (order: PolicyOrder): void => {
    if ('remove' in order) client.remove(RESOURCES[order.remove], order.key);
    else client.put(RESOURCES[order.put] as Resource, order.object);
  };
  objects.forEach(handle);
  const log = createLog('policy-agent', 'warn');
  const shared = { client, clock, log };
  const sources = {
    pods: startInformer({ ...shared, resource: pods, transform: createTrim().pod }),
    namespaces: startInformer({ ...shared, resource: namespaces }),
    nodes: startInformer({ ...shared, resource: nodes }),
    networkPolicies: startInformer({ ...shared, resource: networkPolicies }),
    clusterNetworkPolicies: startCustomInformer({ ...shared, resources: clusterNetworkPolicies }),
  };
  const nft = openNft();
  const agent = createPolicyAgent({
    sources,
    compiler: createPolicyCompiler(),
    namesFile: openNamesFile({ path: namesFile, clock, log }),
    dnsAddresses,
    liveConnections,
    recorder: createEventRecorder({ ...shared, component: 'test' }),
    onHeld: () => {},
    nft,
    clock,
    log,
  });
  agent.start(sandboxes);
  const dns = startDns({
    domain: 'cluster.local',
    addresses: dnsAddresses,
    nodeName: 'test',
    services: startInformer({ ...shared, resource: services }),
    endpointSlices: startInformer({
      ...shared,
      resource: endpointSlices,
      indexes: dnsIndexes.endpointSlices,
    }),
    namespaces: sources.namespaces,
    pods: startPodAddresses(shared),
    upstreams: [upstream],
    watch: agent.names,
    clock,
    log,
  });
  parentPort!.on('message', handle);
  await Promise.all([agent.whenSynced(), dns.whenReady()]);
  parentPort!.postMessage('synced');
};

const { policies } = (workerData ?? {}) as { readonly policies?: PolicySetup };
if (!isMainThread && policies) await run(policies);
