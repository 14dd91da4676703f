// Keeps the host's routes to Services in ranges that come and go as ServiceCIDR objects. Those of the cluster's plan are
// the underlay's own, and all of them end with its bridge.
import type { Informer } from '../informer/informer.ts';
import { formatPrefix } from '../ip/prefix.ts';
import type { ServiceCIDR } from '../k8s/generated/types.ts';
import { findLink } from '../kernel/link.ts';
import { addRoute, deleteRoute } from '../kernel/route.ts';
import { type Rtnetlink, openRtnetlink } from '../kernel/rtnetlink.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { startLoop } from '../reconcile/loop.ts';
import { kernelRoute } from './kernel-route.ts';
import { bridgeName } from './names.ts';
import { type UnderlayConfig, type UnderlayRoute, laterServiceRoutes } from './plan.ts';

export type ServiceRoutesOptions = {
  readonly config: UnderlayConfig;
  readonly serviceCidrs: Informer<ServiceCIDR>;
  readonly clock: Clock;
  readonly log: Log;
};

export type ServiceRoutes = { readonly whenIdle: () => Promise<void>; readonly stop: () => Promise<void> };

const KEY = 'routes';

/** Works in the calling thread's network namespace: the host's. A route that is there already stays as it is. */
export const startServiceRoutes = (options: ServiceRoutesOptions): ServiceRoutes => {
  const { config, serviceCidrs, clock, log } = options;
  const rtnetlink = openRtnetlink();
  let present: ReadonlyMap<string, UnderlayRoute> = new Map();

  const apply = async (): Promise<ReadonlySet<string>> => {
    const cidrs = serviceCidrs.list().flatMap(({ spec }) => spec?.cidrs ?? []);
    const routes = laterServiceRoutes(config, cidrs);
    const wanted = new Map(routes.map((route) => [formatPrefix(route.destination), route]));
    const linkIndex = bridgeIndex(rtnetlink, config);
    rtnetlink.request([
      ...without(wanted, present).map((route) => addRoute(kernelRoute(route, linkIndex))),
      ...without(present, wanted).map((route) => deleteRoute(kernelRoute(route, linkIndex))),
    ]);
    present = wanted;
    return new Set();
  };

  const loop = startLoop({ name: 'service-routes', apply, clock, log });
  const unsubscribe = serviceCidrs.subscribe(() => serviceCidrs.hasSynced() && loop.mark(KEY));
  void serviceCidrs.whenSynced().then(() => loop.mark(KEY));
  return {
    whenIdle: () => serviceCidrs.whenSynced().then(() => loop.whenIdle()),
    stop: async () => {
      unsubscribe();
      await loop.stop();
      rtnetlink.close();
    },
  };
};

const bridgeIndex = (rtnetlink: Rtnetlink, { name }: UnderlayConfig): number => {
  const index = findLink(rtnetlink, bridgeName(name))?.index;
  if (index === undefined) throw new Error(`the underlay has no bridge ${bridgeName(name)}`);
  return index;
};

const without = (
  routes: ReadonlyMap<string, UnderlayRoute>,
  others: ReadonlyMap<string, UnderlayRoute>,
): readonly UnderlayRoute[] => [...routes].flatMap(([key, route]) => (others.has(key) ? [] : [route]));
