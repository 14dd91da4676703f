// The two processes of agent-memory.ts: an API server full of Services, and the agent of a node without pods.
import { tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from '../src/client/client.ts';
import { createHttpClient } from '../src/client/http-client.ts';
import { planCluster } from '../src/embedded/cluster-config.ts';
import { ApiError, failure } from '../src/k8s/api-error.ts';
import type { EndpointSlice, Service } from '../src/k8s/generated/types.ts';
import { endpointSlices, namespaces, services } from '../src/k8s/resources.ts';
import { enterNetns } from '../src/kernel/netns.ts';
import { openNft } from '../src/kernel/nft.ts';
import { systemClock as clock } from '../src/lang/clock.ts';
import { silentLog as log } from '../src/lang/log.ts';
import { startNodeNetwork } from '../src/node-network.ts';
import { startTestApiServer } from '../test/support/test-api-server.ts';

export type ApiAddress = {
  readonly server: string;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
};
export type AgentMemory = { readonly rss: number; readonly heapUsed: number; readonly peak: number };

const [role, netns, ...counts] = process.argv.slice(2) as [string, string, ...string[]];

/** As kubectl and the endpoints controller write them. */
const serviceOf = (n: number): Service => ({
  metadata: {
    name: `service-${n}`,
    namespace: 'default',
    labels: { app: `app-${n}`, 'app.kubernetes.io/managed-by': 'Helm' },
    annotations: { 'meta.helm.sh/release-name': `app-${n}`, 'meta.helm.sh/release-namespace': 'default' },
  },
  spec: {
    selector: { app: `app-${n}` },
    ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
  },
});

const podIp = (n: number): string => `10.${128 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;

const sliceOf = (n: number, endpoints: number): EndpointSlice => ({
  metadata: {
    name: `service-${n}-x7k2p`,
    namespace: 'default',
    labels: {
      'kubernetes.io/service-name': `service-${n}`,
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      app: `app-${n}`,
    },
    annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:00Z' },
  },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  endpoints: Array.from({ length: endpoints }, (_, i) => ({
    addresses: [podIp(n * endpoints + i + 1)],
    conditions: { ready: true, serving: true, terminating: false },
    nodeName: `node-${(n + i) % 100}`,
    zone: `zone-${(n + i) % 3}`,
    targetRef: {
      kind: 'Pod',
      namespace: 'default',
      name: `app-${n}-5d4f8c7b9c-${(i + 10_000).toString(36)}`,
      uid: `5c5f1fd5-9c83-4e34-9d2b-${String(n * endpoints + i).padStart(12, '0')}`,
    },
  })),
});

const runApi = async (serviceCount: number, endpointCount: number): Promise<void> => {
  const api = await startTestApiServer();
  await api.put(namespaces, { metadata: { name: 'default' } }).catch(() => {}); // it may be there
  for (let n = 0; n < serviceCount; n++) {
    await api.put(services, serviceOf(n));
    await api.put(endpointSlices, sliceOf(n, endpointCount));
  }
  const { certificate, key } = api.admin;
  const server = `https://127.0.0.1:${api.port}`;
  process.send!({ server, ca: api.authority.certificate, certificate, key } satisfies ApiAddress);
};

/** `expire` ends all watches so that whoever watches has to list anew. */
const expiring = (client: ApiClient): { readonly client: ApiClient; readonly expire: () => void } => {
  let expiry = Promise.withResolvers<never>();
  return {
    client: {
      ...client,
      async *watch(resource, options) {
        const events = client.watch(resource, options)[Symbol.asyncIterator]();
        for (;;) {
          const next = await Promise.race([events.next(), expiry.promise]);
          if (next.done) return;
          yield next.value;
        }
      },
    },
    expire: () => {
      expiry.reject(new ApiError(failure(410, 'Expired', 'too old resource version')));
      expiry = Promise.withResolvers();
      expiry.promise.catch(() => {});
    },
  };
};

const memory = (): AgentMemory => {
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed, peak: process.resourceUsage().maxRSS * 1024 };
};

/** How long the process is left alone before it is measured: it gives memory back when it has nothing to do. */
const QUIET_MS = 10_000;

const runAgent = async (address: ApiAddress): Promise<void> => {
  const config = planCluster({ name: 'bench', slot: 0, nodes: 1, zones: ['zone-1'], proxy: 'nftables' });
  const { client, expire } = expiring(createHttpClient({ ...address, clock, log }));
  const hostResolvConf = { nameservers: [], searches: [] };
  const { proxy, dns } = startNodeNetwork({
    config,
    node: { ...config.nodes[0]!, addresses: ['127.0.0.1', '::1'] },
    client,
    nft: openNft(),
    hostResolvConf,
    stateFolder: tmpdir(),
    log,
  });
  await Promise.all([proxy.whenSynced(), dns.whenReady()]);
  await pause(QUIET_MS);
  process.send!(memory());
  process.once('message', () => {
    expire();
    void pause(2 * QUIET_MS).then(() => process.send!(memory()));
  });
};

enterNetns(netns);
if (role === 'api') await runApi(Number(counts[0]), Number(counts[1]));
else process.once('message', (address: ApiAddress) => void runAgent(address));
