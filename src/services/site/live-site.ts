// This node and the cluster's ranges, followed while they change.
import type { Informer } from '../../informer/informer.ts';
import type { Address } from '../../ip/address.ts';
import type { Node, ServiceCIDR } from '../../k8s/generated/types.ts';
import { parseNodePortAddresses } from '../../k8s/node-port-addresses.ts';
import type { NodePortAddresses } from '../../k8s/node-port-addresses.ts';
import { listAddresses } from '../../kernel/interface-address.ts';
import { openRtnetlink } from '../../kernel/rtnetlink.ts';
import type { Clock, Timer } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { ProxySite } from '../compile.ts';
import type { TableSite } from '../layout.ts';
import { nodePortAddresses, primaryAddresses } from './node-addresses.ts';
import { serviceRanges } from './service-ranges.ts';

export type LiveSiteOptions = {
  readonly nodeName: string;
  readonly zone: string | undefined;
  /** The node's primary ones, as long as its object names no others. */
  readonly nodeAddresses: readonly string[];
  /** Where node ports answer, as kube-proxy's --nodeport-addresses; at the primary addresses if there are none. */
  readonly nodePortAddresses: readonly string[];
  readonly podCidrs: readonly string[];
  /** Those of the cluster's plan; the ranges of its load balancers' addresses are among them. */
  readonly serviceCidrs: readonly string[];
  readonly laterServiceCidrs: Pick<Informer<ServiceCIDR>, 'list' | 'subscribe'>;
  readonly nodes: Pick<Informer<Node>, 'get' | 'subscribe'>;
  readonly clock: Clock;
  readonly log: Log;
};

export type Site = ProxySite & TableSite;

export type LiveSite = {
  readonly now: () => Site;
  /** Of which families localhost has node ports. */
  readonly loopback: NodePortAddresses['loopback'];
  /** From now on `now` follows what changes; returns the end of it. */
  readonly follow: (listeners: SiteListeners) => () => void;
};

type SiteListeners = { readonly onRanges: () => void; readonly onNodeAddresses: () => void };

/** How soon an interface's new address has node ports. */
const LOOK_MS = 1000;

/** To be called in the node's network namespace. Throws TypeError on node port addresses that are none. */
export const openLiveSite = (options: LiveSiteOptions): LiveSite => {
  const wanted = parseNodePortAddresses(options.nodePortAddresses);
  const look = (): Site => siteOf(options, wanted);
  let site = look();
  warnIfNowhere(site, wanted, options);
  const refresh = ({ onRanges, onNodeAddresses }: SiteListeners): void => {
    const before = site;
    site = look();
    if (before.serviceCidrs.join() !== site.serviceCidrs.join()) onRanges();
    if (addressText(before) === addressText(site)) return;
    warnIfNowhere(site, wanted, options);
    onNodeAddresses();
  };
  const follow: LiveSite['follow'] = (listeners) => {
    const run = (): void => refresh(listeners);
    const stops = [
      options.laterServiceCidrs.subscribe(run),
      options.nodes.subscribe(({ key }) => void (key === options.nodeName && run())),
      wanted.prefixes.length > 0 ? every(LOOK_MS, run, options) : () => {},
    ];
    return () => stops.forEach((stop) => stop());
  };
  return { now: () => site, loopback: wanted.loopback, follow };
};

const siteOf = (options: LiveSiteOptions, wanted: NodePortAddresses): Site => {
  const { nodeName, zone, podCidrs, nodes } = options;
  const primary = primaryAddresses(nodes.get(nodeName), options.nodeAddresses);
  const serviceCidrs = serviceRanges(
    { planned: options.serviceCidrs, pods: podCidrs, nodeAddresses: primary.map(({ address }) => address) },
    options.laterServiceCidrs.list().flatMap(({ spec }) => spec?.cidrs ?? []),
  );
  const nodeAddresses = nodePortAddresses({
    wanted,
    primary,
    present: wanted.prefixes.length > 0 ? presentAddresses() : [],
    serviceRanges: serviceCidrs,
  });
  return { nodeName, zone, podCidrs, serviceCidrs, nodeAddresses };
};

const presentAddresses = (): readonly Address[] => {
  using rtnetlink = openRtnetlink();
  return listAddresses(rtnetlink).map(({ address }) => address);
};

const addressText = ({ nodeAddresses }: Site): string => nodeAddresses.map(({ address }) => address).join();

/** A flag that fits no address of the node is most likely a mistake, and nothing else would tell. */
const warnIfNowhere = (site: Site, wanted: NodePortAddresses, options: LiveSiteOptions): void => {
  if (site.nodeAddresses.length > 0 || wanted.loopback.length > 0) return;
  options.log.warn(
    { nodePortAddresses: options.nodePortAddresses },
    'the node has no address for node ports: they answer nowhere',
  );
};

const every = (delayMs: number, run: () => void, { clock, log }: LiveSiteOptions): (() => void) => {
  let timer: Timer;
  const tick = (): void => {
    try {
      run();
    } catch (error) {
      log.warn({ err: error }, 'addresses of the node not looked at');
    }
    timer = clock.after(delayMs, tick);
  };
  timer = clock.after(delayMs, tick);
  return () => timer.cancel();
};
