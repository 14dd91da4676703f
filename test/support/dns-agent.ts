// A thread inside a network namespace that runs the cluster DNS for one Service, as a node's agent does.
import { once } from 'node:events';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { dnsIndexes, startDns } from '../../src/dns/dns.ts';
import { startInformer } from '../../src/informer/informer.ts';
import { endpointSlices, namespaces, pods, services } from '../../src/k8s/resources.ts';
import { enterNetns } from '../../src/kernel/netns.ts';
import { systemClock as clock } from '../../src/lang/clock.ts';
import { silentLog as log } from '../../src/lang/log.ts';
import { createFakeClient } from './fake-client.ts';

type Data = { readonly dnsAgent: true; readonly netns: string; readonly addresses: readonly string[] };

export type DnsAgent = {
  /** Stops the DNS as a node does when it goes; the thread ends. */
  readonly stop: () => Promise<void>;
};

/** Resolves when it answers: `web.default.svc.cluster.local` is 10.96.0.7. */
export const startDnsAgent = async (netns: string, addresses: readonly string[]): Promise<DnsAgent> => {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { dnsAgent: true, netns, addresses },
    trackUnmanagedFds: false, // kernel/ opens descriptors by itself
  });
  await once(worker, 'message');
  return {
    stop: async () => {
      const ended = once(worker, 'exit');
      worker.postMessage('stop');
      await ended;
    },
  };
};

const run = async ({ netns, addresses }: Data): Promise<void> => {
  enterNetns(netns);
  const client = createFakeClient();
  client.put(namespaces, { metadata: { name: 'default' } });
  client.put(services, {
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'] },
  });
  const common = { client, clock, log };
  const informers = {
    services: startInformer({ ...common, resource: services, indexes: dnsIndexes.services }),
    endpointSlices: startInformer({
      ...common,
      resource: endpointSlices,
      indexes: dnsIndexes.endpointSlices,
    }),
    namespaces: startInformer({ ...common, resource: namespaces }),
    pods: startInformer({ ...common, resource: pods, indexes: dnsIndexes.pods }),
  };
  const options = { domain: 'cluster.local', addresses, nodeName: 'n', upstreams: [] };
  const dns = startDns({ ...common, ...informers, ...options });
  await dns.whenReady();
  parentPort!.once('message', () => {
    for (const informer of Object.values(informers)) informer.stop();
    void dns.stop();
  });
  parentPort!.postMessage('ready');
};

if (!isMainThread && (workerData as Partial<Data>).dnsAgent) await run(workerData as Data);
