// The service proxy of a node: connections to a Service's addresses reach one of its endpoints, by nftables.
// See README.md for the picture.
import type { Informer } from '../informer/informer.ts';
import { whenAllSynced } from '../informer/informer.ts';
import type { EndpointSlice, Node, Service, ServiceCIDR } from '../k8s/generated/types.ts';
import { keyOf } from '../k8s/objects.ts';
import { openConntrack } from '../kernel/conntrack.ts';
import type { Conntrack } from '../kernel/conntrack.ts';
import type { Nft } from '../kernel/nft.ts';
import type { Log } from '../lang/log.ts';
import { startLoop } from '../reconcile/loop.ts';
import type { Loop, LoopOptions } from '../reconcile/loop.ts';
import type { Effects } from './apply.ts';
import { openSockets } from './ebpf/open-sockets.ts';
import type { BackEnd } from './ebpf/open-sockets.ts';
import type { SocketTranslation } from './ebpf/socket-translation.ts';
import { followServices } from './follow.ts';
import { startHealthServers } from './health/health-servers.ts';
import type { ProxyHealth } from './health/proxy-health.ts';
import { LocalhostPorts } from './localhost/localhost-ports.ts';
import { NoLocalEndpoints } from './no-local-endpoints.ts';
import { serviceOfSlice } from './select.ts';
import { ServiceSync } from './service-sync.ts';
import { openLiveSite } from './site/live-site.ts';
import type { LiveSiteOptions } from './site/live-site.ts';
import { deleteStaleFlows } from './stale-flows.ts';
import { removeKubeProxy } from './take-over/take-over.ts';
import { SyncMeter } from './sync-meter.ts';
import { startServiceUpkeep } from './upkeep.ts';

export type ServiceProxyOptions = LiveSiteOptions & {
  readonly services: Informer<Service>;
  /** With the indexes of `sliceIndexes`. */
  readonly endpointSlices: Informer<EndpointSlice>;
  readonly laterServiceCidrs: Informer<ServiceCIDR>;
  /** For /healthz too: a node that is about to go is to be drained. */
  readonly nodes: Pick<Informer<Node>, 'get' | 'subscribe'>;
  /** Opened in the node's network namespace; the caller closes it. The calling thread must be there too. */
  readonly nft: Nft;
  readonly backEnd: BackEnd;
  /** The cgroup of this node's pods whose sockets may be translated, e.g. `/podnet/CLUSTER/NODE/pods`. */
  readonly podCgroup: string;
};

export type ServiceProxy = {
  /** Resolves when all Services that were there at the start are in the kernel. */
  readonly whenSynced: () => Promise<void>;
  /** What connections are translated by, as far as that is known: not what was asked for. */
  readonly mode: () => 'nftables' | 'ebpf';
  /** Stops following; what is in the kernel stays there and works. */
  readonly stop: () => Promise<void>;
};

const BY_SERVICE = 'services/service';

/** What the informer of EndpointSlices must be started with. */
export const sliceIndexes = {
  [BY_SERVICE]: (slice: Parameters<typeof serviceOfSlice>[0]): readonly string[] => {
    const service = serviceOfSlice(slice);
    return service === undefined ? [] : [service];
  },
};

/** No Service's key: marked so that the tables are made where there is no Service yet, and have the right ranges. */
const TABLES = '';

/** Starts following Services and slices. Nothing in the kernel changes before both are completely known. */
export const startServiceProxy = (options: ServiceProxyOptions): ServiceProxy => {
  const { services, endpointSlices, laterServiceCidrs, log } = options;
  const conntrack = openConntrack();
  const servers = startHealthServers(options);
  let sockets: SocketTranslation | undefined;
  const site = openLiveSite(options);
  const localhost = new LocalhostPorts({ ...options, families: site.loopback, site: site.now });
  const noLocalEndpoints = new NoLocalEndpoints(site.now);
  const sync = new ServiceSync({
    ...options,
    site: site.now,
    slicesOf: (service) => endpointSlices.byIndex(BY_SERVICE, service),
    onEffects: (effects) => {
      sockets?.follow(effects);
      cleanUp(conntrack, effects, log);
    },
    onWhole: (entries) => sockets?.begin(entries),
    onService: (key, service) => {
      servers.setService(key, service);
      localhost.set(key, service);
      noLocalEndpoints.set(key, service);
    },
  });
  const meter = new SyncMeter(options.clock);
  const loop = startServiceLoop(servers.health, options, (dirty) =>
    meter.measure(sync.isWhole ? 'partial' : 'full', dirty, () => sync.apply(dirty)),
  );
  const stops: (() => void)[] = [() => void loop.stop()];
  let isStopped = false;
  const synced = whenAllSynced(services, endpointSlices, laterServiceCidrs).then(async () => {
    sockets = await openSockets(options);
    if (isStopped) return;
    stops.push(
      ...followServices({ services, endpointSlices, meter }, loop.mark),
      site.follow({
        onRanges: () => loop.mark(TABLES),
        onNodeAddresses: () => services.list().filter(isExposed).map(keyOf).forEach(loop.mark),
      }),
      startServiceUpkeep({ ...options, sync, mark: loop.mark }),
    );
    loop.mark(TABLES);
    await sync.whenComplete();
    removeKubeProxy(options.nft, log);
  });
  return {
    whenSynced: () => synced,
    mode: () => (sockets ? 'ebpf' : 'nftables'),
    stop: async () => {
      isStopped = true;
      for (const stop of stops) stop();
      await Promise.all([loop.stop(), servers.close()]);
      localhost.close();
      conntrack.close();
      sockets?.close();
    },
  };
};

const startServiceLoop = (
  health: ProxyHealth,
  { clock, log }: ServiceProxyOptions,
  sync: LoopOptions['apply'],
): Loop => {
  const apply: LoopOptions['apply'] = (dirty) => health.writing(() => sync(dirty));
  const loop = startLoop({ name: 'services', apply, clock, log });
  const mark = (key: string): void => {
    health.queued();
    loop.mark(key);
  };
  return { ...loop, mark };
};

/** A connection that stays stale harms its own client only: it must not hold up the Services. */
const cleanUp = (conntrack: Conntrack, effects: Effects, log: Log): void => {
  try {
    deleteStaleFlows(conntrack, effects);
  } catch (error) {
    log.warn({ err: error }, 'stale UDP connections not deleted');
  }
};

/** It has, or may have, node ports. */
const isExposed = ({ spec }: Service): boolean => spec?.type === 'NodePort' || spec?.type === 'LoadBalancer';
