// The server under test of dns-qps.ts and dns-memory.ts: the cluster DNS by itself, with as many Services and pods as it
// is told, from an API that makes them up. Says `ready`; answers `memory`, and `relist` by listing everything anew.
import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient, PageOptions } from '../src/client/client.ts';
import { dnsIndexes, startDns } from '../src/dns/dns.ts';
import { startPodAddresses } from '../src/dns/pod-addresses.ts';
import { startInformer } from '../src/informer/informer.ts';
import { ApiError, failure } from '../src/k8s/api-error.ts';
import type { KubeObject, Stored } from '../src/k8s/objects.ts';
import { type Resource, endpointSlices, namespaces, services } from '../src/k8s/resources.ts';
import { systemClock as clock } from '../src/lang/clock.ts';
import { silentLog as log } from '../src/lang/log.ts';

const [address, port, serviceCount, podCount] = [process.argv[2]!, ...process.argv.slice(3).map(Number)] as [
  string,
  number,
  number,
  number,
];

const metadataOf = (name: string, namespace: string) => ({
  name,
  namespace,
  uid: `5c5f1fd5-9c83-4e34-9d2b-${name.padStart(12, '0')}`,
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
  labels: { app: name, 'app.kubernetes.io/managed-by': 'bench' },
});
const serviceOf = (n: number) => {
  const [clusterIP, name] = [`10.96.${n >> 8}.${n & 255}`, `service-${n}`];
  const ports = ['http', 'metrics'].map((port, i) => ({
    name: port,
    protocol: 'TCP',
    port: 80 + i,
    targetPort: 8080 + i,
  }));
  const spec = { type: 'ClusterIP', selector: { app: name }, clusterIP, clusterIPs: [clusterIP], ports };
  return { metadata: metadataOf(name, 'default'), spec };
};
const podOf = (n: number) => ({
  metadata: metadataOf(`pod-${n}-5d4f8c7b9c-x7k2p`, `namespace-${n % 100}`),
  spec: { nodeName: `node-${n % 5000}` },
  status: { phase: 'Running', podIPs: [{ ip: `10.${128 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}` }] },
});
const namespaceOf = () => ({ metadata: { ...metadataOf('default', ''), namespace: undefined } });

const MADE: Readonly<Record<string, { readonly count: number; readonly make: (n: number) => unknown }>> = {
  services: { count: serviceCount, make: serviceOf },
  pods: { count: podCount, make: podOf },
  namespaces: { count: 1, make: namespaceOf },
};

let relist = Promise.withResolvers<void>();
const client: Pick<ApiClient, 'list' | 'watch'> = {
  list: async <T extends KubeObject>({ resource }: Resource<T>, options: PageOptions = {}) => {
    const { count, make } = MADE[resource] ?? { count: 0, make: () => undefined };
    const [start, limit] = [Number(options.continue ?? 0), options.limit ?? count];
    const items = Array.from(
      { length: Math.min(limit, count - start) },
      (_, i) => make(start + i) as Stored<T>,
    );
    await pause(0);
    const more = start + items.length < count ? { continue: String(start + items.length) } : {};
    return { resourceVersion: '1', items, ...more };
  },
  // eslint-disable-next-line require-yield
  async *watch() {
    await relist.promise;
    throw new ApiError(failure(410, 'Expired', 'too old resource version'));
  },
};

const common = { client, clock, log };
const informers = {
  services: startInformer({ ...common, resource: services }),
  endpointSlices: startInformer({ ...common, resource: endpointSlices, indexes: dnsIndexes.endpointSlices }),
  namespaces: startInformer({ ...common, resource: namespaces }),
  pods: startPodAddresses(common),
};
const dns = startDns({
  ...common,
  ...informers,
  domain: 'cluster.local',
  addresses: [address],
  port,
  nodeName: 'n',
  upstreams: [],
});
await dns.whenReady();
process.send!('ready');

const memory = () => {
  globalThis.gc?.();
  return { ...process.memoryUsage(), peak: process.resourceUsage().maxRSS * 1024 };
};
process.on('message', (message) => {
  if (message === 'memory') return void process.send!(memory());
  relist.resolve();
  relist = Promise.withResolvers();
  void pause(3000).then(() => process.send!('relisted'));
});
process.on('disconnect', () => process.exit(0));
