// The real service proxy in a thread inside a node's network namespace, fed by an API in memory.
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { startInformer } from '../../src/informer/informer.ts';
import type { EndpointSlice, Node, Service, ServiceCIDR } from '../../src/k8s/generated/types.ts';
import { endpointSlices, nodes, serviceCidrs, services } from '../../src/k8s/resources.ts';
import type { KubeObject } from '../../src/k8s/objects.ts';
import { enterNetns } from '../../src/kernel/netns.ts';
import { openNft } from '../../src/kernel/nft.ts';
import { systemClock } from '../../src/lang/clock.ts';
import { createLog } from '../../src/lang/log.ts';
import { sliceIndexes, startServiceProxy } from '../../src/services/service-proxy.ts';
import type { ServiceProxyOptions } from '../../src/services/service-proxy.ts';
import { createFakeClient } from './fake-client.ts';

export type ProxySetup = {
  readonly netns: string;
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  /** `nftables` unless said otherwise. */
  readonly sockets?: Pick<ServiceProxyOptions, 'backEnd' | 'podCgroup'>;
  /** Primary ones unless said otherwise. */
  readonly nodePortAddresses?: readonly string[];
} & Pick<ServiceProxyOptions, 'nodeName' | 'zone' | 'nodeAddresses' | 'podCidrs' | 'serviceCidrs'>;

type Order =
  | { readonly put: 'service'; readonly object: Service }
  | { readonly put: 'slice'; readonly object: EndpointSlice }
  | { readonly put: 'node'; readonly object: Node }
  | { readonly put: 'service-cidr'; readonly object: ServiceCIDR }
  | { readonly remove: keyof typeof RESOURCES; readonly key: string };

const RESOURCES = { service: services, slice: endpointSlices, node: nodes, 'service-cidr': serviceCidrs };

export type ProxyAgent = {
  /** Writes to the API; what it changes in the kernel is to be waited for. */
  readonly order: (order: Order) => void;
  /** Ends the thread at once, as kill -9 would. */
  readonly close: () => Promise<void>;
};

/** Starts the proxy; resolves when it is synced. */
export const startProxyAgent = (setup: ProxySetup): Promise<ProxyAgent> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { proxy: setup } });
    worker.once('error', reject);
    worker.once('message', () =>
      resolve({
        order: (order) => worker.postMessage(order),
        close: async () => void (await worker.terminate()),
      }),
    );
  });

const NO_SOCKETS = { backEnd: 'nftables', podCgroup: '/podnet-test-none' } as const;

const run = async ({
  netns,
  services: first,
  slices,
  sockets = NO_SOCKETS,
  nodePortAddresses = [],
  ...site
}: ProxySetup): Promise<void> => {
  enterNetns(netns);
  const client = createFakeClient(100_000);
  for (const service of first) client.put(services, service);
  for (const slice of slices) client.put(endpointSlices, slice);
  const log = createLog('proxy-agent', 'warn');
  const shared = { client, clock: systemClock, log };
  const proxy = startServiceProxy({
    ...site,
    ...sockets,
    nodePortAddresses,
    laterServiceCidrs: startInformer({ ...shared, resource: serviceCidrs }),
    services: startInformer({ ...shared, resource: services }),
    endpointSlices: startInformer({ ...shared, resource: endpointSlices, indexes: sliceIndexes }),
    nodes: startInformer({ ...shared, resource: nodes }),
    nft: openNft(),
    clock: systemClock,
    log,
  });
  parentPort!.on('message', (order: Order) => {
    if ('remove' in order) client.remove(RESOURCES[order.remove], order.key);
    else client.put<KubeObject>(RESOURCES[order.put], order.object);
  });
  await proxy.whenSynced();
  parentPort!.postMessage('synced');
};

const { proxy } = (workerData ?? {}) as { readonly proxy?: ProxySetup };
if (!isMainThread && proxy) await run(proxy);
