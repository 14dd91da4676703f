// A thread inside a network namespace that runs the cluster DNS for one Service, as a node's agent does.
import { once } from 'node:events';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { dnsIndexes, startDns } from '../../src/dns/dns.ts';
import { startPodAddresses } from '../../src/dns/pod-addresses.ts';
import { startInformer } from '../../src/informer/informer.ts';
import type { EndpointSlice } from '../../src/k8s/generated/types.ts';
import { endpointSlices, namespaces, services } from '../../src/k8s/resources.ts';
import { enterNetns } from '../../src/kernel/netns.ts';
import { openNft } from '../../src/kernel/nft.ts';
import { systemClock as clock } from '../../src/lang/clock.ts';
import { silentLog as log } from '../../src/lang/log.ts';
import { createFakeClient } from './fake-client.ts';

export type DnsAgentOptions = {
  readonly netns: string;
  readonly addresses: readonly string[];
  readonly nodeName?: string;
  /** Its API does not tell it of pods: it never knows the cluster. */
  readonly neverSyncs?: boolean;
  /** Of all nodes that have an agent, by their names. */
  readonly nodes?: Readonly<Record<string, readonly string[]>>;
};

type Data = DnsAgentOptions & { readonly dnsAgent: true };

export type DnsAgent = {
  /** Stops the DNS as a node does when it goes; the thread ends. */
  readonly stop: () => Promise<void>;
  /** Ends the thread in the middle of what it does. */
  readonly kill: () => Promise<void>;
};

/** Resolves when it answers, or has begun if it never syncs: `web.default.svc.cluster.local` is 10.96.0.7 and fd00:10:96::7. */
export const startDnsAgent = async (options: DnsAgentOptions): Promise<DnsAgent> => {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { ...options, dnsAgent: true },
    trackUnmanagedFds: false, // kernel/ opens descriptors by itself
  });
  await once(worker, 'message');
  return {
    stop: async () => {
      const ended = once(worker, 'exit');
      worker.postMessage('stop');
      await ended;
    },
    kill: async () => void (await worker.terminate()),
  };
};

const dnsSlice = (nodes: Readonly<Record<string, readonly string[]>>, family: 4 | 6): EndpointSlice => ({
  metadata: {
    name: `kube-dns-${family}`,
    namespace: 'kube-system',
    labels: { 'kubernetes.io/service-name': 'kube-dns' },
  },
  addressType: `IPv${family}`,
  endpoints: Object.entries(nodes).map(([nodeName, addresses]) => ({
    addresses: addresses.filter((address) => address.includes(':') === (family === 6)),
    nodeName,
  })),
});

const never = (): Promise<void> => new Promise(() => {});

const run = async ({
  netns,
  addresses,
  nodeName = 'n',
  nodes = {},
  neverSyncs = false,
}: Data): Promise<void> => {
  enterNetns(netns);
  const client = createFakeClient();
  client.put(namespaces, { metadata: { name: 'default' } });
  client.put(services, {
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7', 'fd00:10:96::7'] },
  });
  client.put(endpointSlices, dnsSlice(nodes, 4));
  client.put(endpointSlices, dnsSlice(nodes, 6));
  const common = { client, clock, log };
  const informers = {
    services: startInformer({ ...common, resource: services }),
    endpointSlices: startInformer({
      ...common,
      resource: endpointSlices,
      indexes: dnsIndexes.endpointSlices,
    }),
    namespaces: startInformer({ ...common, resource: namespaces }),
    pods: neverSyncs ? { ...startPodAddresses(common), whenSynced: never } : startPodAddresses(common),
  };
  const nft = openNft();
  const dns = startDns({
    ...common,
    ...informers,
    domain: 'cluster.local',
    addresses,
    nodeAddresses: nodes[nodeName] ?? [],
    nodeName,
    nft,
    upstreams: [],
  });
  if (!neverSyncs) await dns.whenReady();
  parentPort!.once('message', () => {
    for (const informer of Object.values(informers)) informer.stop();
    void dns.stop().then(() => nft.close());
  });
  parentPort!.postMessage('ready');
};

if (!isMainThread && (workerData as Partial<Data>).dnsAgent) await run(workerData as Data);
