// Brings traffic for load balancers' addresses to a node: by routes on the host, for the host and all that is behind it.
// The kernel is looked at before each change: there are few routes, and others may have touched them.
import { BY_SERVICE, serviceKeyOf } from '../../informer/slices-by-service.ts';
import { formatAddress } from '../../ip/address.ts';
import { type GatewayRoutes, diffGatewayRoutes, formatGatewayRoute } from '../../ip/gateway-routes.ts';
import { prefixContains } from '../../ip/prefix.ts';
import type { Node, Service } from '../../k8s/generated/types.ts';
import { type Stored, keyOf } from '../../k8s/objects.ts';
import { applyGatewayRoutes, observeGatewayRoutes } from '../../kernel/gateway-routes.ts';
import { findLink } from '../../kernel/link.ts';
import { type Rtnetlink, openRtnetlink } from '../../kernel/rtnetlink.ts';
import { fedBy } from '../../reconcile/fed-loop.ts';
import { type Loop, startLoop } from '../../reconcile/loop.ts';
import { wantsAddress } from '../addresses/select.ts';
import { CONCERNED } from '../indexes.ts';
import type { LoadBalancersOptions } from '../load-balancers.ts';
import { compileRoutes } from './compile.ts';
import { selectAnnouncements, selectGateway } from './select.ts';

const KEY = 'routes';

/** Works in the calling thread's network namespace. The informers must have synced. */
export const startAnnouncer = (options: LoadBalancersOptions): Loop => {
  const { linkName, clock, log } = options;
  const rtnetlink = openRtnetlink();

  const apply = async (): Promise<ReadonlySet<string>> => {
    const link = linkIndexOf(rtnetlink, linkName);
    const changes = diffGatewayRoutes(wantedRoutes(options), observeGatewayRoutes(rtnetlink, link));
    applyGatewayRoutes(rtnetlink, changes, link);
    for (const { kind, route } of changes) log.debug({ route: formatGatewayRoute(route) }, `route ${kind}d`);
    return new Set();
  };

  const loop = startLoop({ name: 'load-balancer-routes', apply, clock, log });
  loop.mark(KEY); // routes may be left over although no Service has an address
  const fed = fedBy(
    loop,
    subscribe(options, () => loop.mark(KEY)),
  );
  return { ...fed, stop: () => fed.stop().then(() => rtnetlink.close()) };
};

const linkIndexOf = (rtnetlink: Rtnetlink, name: string): number => {
  const index = findLink(rtnetlink, name)?.index;
  if (index === undefined) throw new Error(`no link ${name} to reach the nodes by`);
  return index;
};

const wantedRoutes = ({ services, endpointSlices, nodes, pools }: LoadBalancersOptions): GatewayRoutes =>
  compileRoutes(
    services
      .byIndex(CONCERNED, '')
      .flatMap((service) => selectAnnouncements(service, endpointSlices.byIndex(BY_SERVICE, keyOf(service))))
      .filter(({ address }) => pools.some((pool) => prefixContains(pool, address))),
    nodes.list().flatMap((node) => selectGateway(node) ?? []),
  );

/** Hears what may move an address. */
const subscribe = (
  { services, endpointSlices, nodes }: LoadBalancersOptions,
  mark: () => void,
): readonly (() => void)[] => [
  services.subscribe(({ before, after }) => {
    if (serviceText(before) !== serviceText(after)) mark();
  }),
  endpointSlices.subscribe(({ before, after }) => {
    const service = services.get(serviceKeyOf((after ?? before)!) ?? '');
    if (service && hasAddress(service)) mark();
  }),
  nodes.subscribe(({ before, after }) => {
    if (nodeText(before) !== nodeText(after)) mark();
  }),
];

const hasAddress = (service: Stored<Service>): boolean =>
  wantsAddress(service) && (service.status?.loadBalancer?.ingress ?? []).length > 0;

const serviceText = (service: Stored<Service> | undefined): string =>
  service && hasAddress(service)
    ? JSON.stringify([service.spec?.externalTrafficPolicy, service.status?.loadBalancer])
    : '';

/** A Node is written every few seconds by its kubelet: mostly nothing here depends on what changed. */
const nodeText = (node: Stored<Node> | undefined): string => {
  const gateway = node && selectGateway(node);
  return gateway ? JSON.stringify([gateway.name, gateway.isReady, gateway.addresses.map(formatAddress)]) : '';
};
