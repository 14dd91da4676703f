// The service proxy of a node: connections to a Service's addresses reach one of its endpoints, by nftables.
// See README.md for the picture.
import type { Informer } from '../informer/informer.ts';
import { whenAllSynced } from '../informer/informer.ts';
import { formatAddress, parseAddress } from '../ip/address.ts';
import type { EndpointSlice, Node, Service } from '../k8s/generated/types.ts';
import { openConntrack } from '../kernel/conntrack.ts';
import type { Conntrack } from '../kernel/conntrack.ts';
import type { Nft } from '../kernel/nft.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { startLoop } from '../reconcile/loop.ts';
import type { Loop, LoopOptions } from '../reconcile/loop.ts';
import type { Effects } from './apply.ts';
import { openSockets } from './ebpf/open-sockets.ts';
import type { BackEnd } from './ebpf/open-sockets.ts';
import type { SocketTranslation } from './ebpf/socket-translation.ts';
import { startHealthServers } from './health/health-servers.ts';
import type { ProxyHealth } from './health/proxy-health.ts';
import { serviceOfSlice } from './select.ts';
import { ServiceSync } from './service-sync.ts';
import { deleteStaleFlows } from './stale-flows.ts';
import { removeKubeProxy } from './take-over.ts';
import { SyncMeter } from './sync-meter.ts';
import { startUpkeep } from './upkeep.ts';
import type { VirtualIp } from './virtual-ip.ts';

export type ServiceProxyOptions = {
  readonly nodeName: string;
  readonly zone: string | undefined;
  /** Where node ports answer. */
  readonly nodeAddresses: readonly string[];
  /** The cluster's: whose connections to cluster IPs keep their source address. */
  readonly podCidrs: readonly string[];
  /** Where an address that no Service has leads nowhere: cluster IPs, and those of the cluster's own load balancer. */
  readonly serviceCidrs: readonly string[];
  readonly services: Informer<Service>;
  /** With the indexes of `sliceIndexes`. */
  readonly endpointSlices: Informer<EndpointSlice>;
  /** For /healthz: a node that is about to go is to be drained. */
  readonly nodes: Pick<Informer<Node>, 'get'>;
  /** Opened in the node's network namespace; the caller closes it. The calling thread must be there too. */
  readonly nft: Nft;
  readonly backEnd: BackEnd;
  /** The cgroup of this node's pods whose sockets may be translated, e.g. `/podnet/CLUSTER/NODE/pods`. */
  readonly podCgroup: string;
  readonly clock: Clock;
  readonly log: Log;
};

export type ServiceProxy = {
  /** Resolves when all Services that were there at the start are in the kernel. */
  readonly whenSynced: () => Promise<void>;
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

/** No Service's key: marked so that the tables are made where there is no Service yet. */
const TABLES = '';

/** Starts following Services and slices. Nothing in the kernel changes before both are completely known. */
export const startServiceProxy = (options: ServiceProxyOptions): ServiceProxy => {
  const { services, endpointSlices, log } = options;
  const conntrack = openConntrack();
  const servers = startHealthServers(options);
  let sockets: SocketTranslation | undefined;
  const sync = new ServiceSync({
    ...options,
    nodeAddresses: addressesOf(options.nodeAddresses),
    slicesOf: (service) => endpointSlices.byIndex(BY_SERVICE, service),
    onEffects: (effects) => {
      sockets?.follow(effects.changes);
      cleanUp(conntrack, effects, log);
    },
    onWhole: (entries) => sockets?.begin(entries),
    onService: servers.setService,
  });
  const meter = new SyncMeter(options.clock);
  const loop = startServiceLoop(servers.health, options, (dirty) =>
    meter.measure(dirty, () => sync.apply(dirty)),
  );
  const stops: (() => void)[] = [() => void loop.stop()];
  let isStopped = false;
  const synced = whenAllSynced(services, endpointSlices).then(async () => {
    sockets = await openSockets(options);
    if (isStopped) return;
    stops.push(
      services.subscribe(({ key }) => {
        meter.heardService();
        loop.mark(key);
      }),
      endpointSlices.subscribe(({ before, after }) => {
        meter.heardSlice(before, after);
        markServices(loop, before, after);
      }),
      startUpkeep({ ...options, sync, mark: loop.mark }),
    );
    loop.mark(TABLES);
    await sync.whenComplete();
    removeKubeProxy(options.nft, log);
  });
  return {
    whenSynced: () => synced,
    stop: async () => {
      isStopped = true;
      for (const stop of stops) stop();
      await Promise.all([loop.stop(), servers.close()]);
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

const markServices = (
  loop: Loop,
  ...slices: readonly (Parameters<typeof serviceOfSlice>[0] | undefined)[]
): void => {
  for (const slice of slices) {
    const service = slice && serviceOfSlice(slice);
    if (service !== undefined) loop.mark(service);
  }
};

/** A connection that stays stale harms its own client only: it must not hold up the Services. */
const cleanUp = (conntrack: Conntrack, effects: Effects, log: Log): void => {
  try {
    deleteStaleFlows(conntrack, effects);
  } catch (error) {
    log.warn({ err: error }, 'stale UDP connections not deleted');
  }
};

const addressesOf = (texts: readonly string[]): VirtualIp[] =>
  texts.map((text) => {
    const address = parseAddress(text);
    if (!address) throw new TypeError(`node address ${JSON.stringify(text)}: not an IP address`);
    return { family: address.family, address: formatAddress(address) };
  });
