// The cluster DNS of one node: answers for the cluster's names from the node's own mirror of the API, forwards the rest.
import { whenAllSynced } from '../informer/informer.ts';
import type { Informer } from '../informer/informer.ts';
import type {
  ConfigMap,
  EndpointSlice,
  Namespace,
  Node,
  Service,
  ServiceCIDR,
} from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import type { Nft } from '../kernel/nft.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { lowerName } from '../wire/dns/name.ts';
import type { ZoneSource } from './answer.ts';
import { addToLoopback, removeFromLoopback } from './apply.ts';
import { startDelivery } from './delivery/delivery.ts';
import { FastResponder } from './fast/fast-responder.ts';
import { isInZone } from './forward/forward-zone.ts';
import type { Upstream } from './forward/forward-zone.ts';
import { measured } from './measured.ts';
import type { NameWatch } from './name-watch.ts';
import { startOutside } from './outside.ts';
import type { Outside } from './outside.ts';
import { followOwnRanges } from './own-ranges.ts';
import type { PodAddresses } from './pod-addresses.ts';
import { respond } from './respond.ts';
import type { Answerer } from './server/listener.ts';
import { startListeners } from './server/listeners.ts';
import type { Listeners } from './server/listeners.ts';
import { SLICES_BY_SERVICE, serviceKeyOf, startZone } from './zone-loop.ts';
import type { ZoneLoop } from './zone-loop.ts';

export const dnsIndexes = {
  endpointSlices: { [SLICES_BY_SERVICE]: (slice: Stored<EndpointSlice>) => [serviceKeyOf(slice)] },
} as const;

export type DnsOptions = {
  /** The cluster's zone: `cluster.local`. */
  readonly domain: string;
  /** The cluster DNS Service's, of both families. */
  readonly addresses: readonly string[];
  /** The node's: other nodes send their queries there when their own agent is dead. */
  readonly nodeAddresses?: readonly string[];
  /** In the node's network namespace; without it queries are delivered as any packet is. */
  readonly nft?: Pick<Nft, 'run'> | undefined;
  /** Which of the other nodes are there. */
  readonly nodes?: Informer<Node> | undefined;
  /** 53 unless said otherwise. */
  readonly port?: number;
  /** The cluster's ranges of pods and Services: addresses there that nobody has are denied, not asked elsewhere. */
  readonly reverseCidrs?: readonly string[];
  /** Ranges of Services that come later. */
  readonly serviceCidrs?: Informer<ServiceCIDR> | undefined;
  readonly nodeName: string;
  readonly services: Informer<Service>;
  /** With the index of `dnsIndexes`. */
  readonly endpointSlices: Informer<EndpointSlice>;
  readonly namespaces: Informer<Namespace>;
  readonly pods: Pick<PodAddresses, 'has' | 'whenSynced'>;
  /** Of kube-system, for `coredns`, the configuration; it may come late, or not at all. */
  readonly configMaps?: Informer<ConfigMap> | undefined;
  /** Who hears the addresses of some names before those who asked for them. */
  readonly watch?: NameWatch | undefined;
  /** The host's servers, for all other names where nothing is configured. */
  readonly upstreams: readonly Upstream[];
  /** How long it waits for the informers before it listens: five seconds unless said otherwise. */
  readonly startupMs?: number;
  readonly clock: Clock;
  readonly log: Log;
};

export type Dns = {
  /** Resolves when it answers on every address, with the zone complete. */
  readonly whenReady: () => Promise<void>;
  /** The zone as zone file lines. */
  readonly toText: () => string;
  readonly stop: () => Promise<void>;
};

const DNS_PORT = 53;

/** As CoreDNS' startup_timeout: who cannot know the cluster's names by then can still tell the others. */
const STARTUP_MS = 5_000;

/**
 * Listens when the informers have synced: until then other nodes answer, as when there is no agent. If they have not after
 * five seconds it listens all the same, and the cluster's names are SERVFAIL.
 */
export const startDns = (options: DnsOptions): Dns => {
  const { addresses, nodeAddresses = [], port = DNS_PORT, clock } = options;
  const ownAddresses = [...addresses, ...nodeAddresses];
  const log = options.log.child({ component: 'dns', node: options.nodeName });
  let zone: ZoneLoop | undefined;
  let isStopped = false;
  let isComplete = false;
  let stopDelivery = (): void => {};
  let listeners: Listeners | undefined;
  const start = async (): Promise<void> => {
    await whenAllSynced(options.services, options.endpointSlices, options.namespaces, options.pods);
    if (isStopped) return;
    zone = startZone({
      ...options,
      isOwnAddress: ranges.has,
      config: outside.config,
      onChange: (name) => fast.forget(name),
      log,
    });
    await zone.whenIdle();
    if (isStopped) return;
    isComplete = true;
    stopDelivery = deliver(options);
  };
  const zoneView = (): ZoneSource | undefined => (isComplete ? zone?.view : undefined);
  const { fast, unwatch } = fastResponderOf(zoneView, options.watch);
  const ranges = followOwnRanges({ ...options, onChange: () => fast.forgetAll() });
  const outside = startOutside({
    ...options,
    hostServers: options.upstreams,
    ownAddresses,
    port,
    onChange: () => fast.forgetAll(),
    log,
  });
  const complete = start();
  const startListening = async (): Promise<void> => {
    await Promise.race([complete, pause(clock, options.startupMs ?? STARTUP_MS)]);
    if (isStopped) return;
    listeners = startListeners({
      addresses: ownAddresses,
      port,
      ...measured(fast, answererOf(options, zoneView, outside)),
      prepare: () => addToLoopback(addresses),
      clock,
      log,
    });
  };
  const listening = startListening();
  return {
    whenReady: async () => {
      await Promise.all([complete, listening]);
      await listeners?.whenListening();
    },
    toText: () => zone?.toText() ?? '',
    stop: async () => {
      isStopped = true;
      stopDelivery();
      unwatch();
      listeners?.stop();
      outside.stop();
      ranges.stop();
      removeFromLoopback(addresses);
      await zone?.stop();
    },
  };
};

const pause = (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => void clock.after(delayMs, resolve));

const fastResponderOf = (
  zone: () => ZoneSource | undefined,
  watch: NameWatch | undefined,
): { readonly fast: FastResponder; readonly unwatch: () => void } => {
  const fast = new FastResponder(zone, watch?.isWatched);
  return { fast, unwatch: watch?.subscribe(() => fast.forgetAll()) ?? (() => {}) };
};

const deliver = (options: DnsOptions): (() => void) => {
  const { addresses, nft } = options;
  return nft ? startDelivery({ ...options, nft, serviceAddresses: addresses }) : () => {};
};

const answererOf = (
  { domain, watch }: Pick<DnsOptions, 'domain' | 'watch'>,
  zone: () => ZoneSource | undefined,
  { resolve }: Outside,
): Answerer => {
  const isInCluster = (name: string): boolean => isInZone(lowerName(name), domain);
  let rotation = 0;
  return (query, transport, client) =>
    respond(query, { transport, client }, { zone, resolve, isInCluster, watch }, rotation++);
};
