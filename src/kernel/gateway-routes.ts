// Tables of podnet's own routes in the kernel: those that carry its protocol number, whoever made them and when.
import { type GatewayRouteChange, type GatewayRoutes, gatewayRoutes } from '../ip/gateway-routes.ts';
import { PROTOCOL } from '../wire/rtnetlink/route.ts';
import { deleteRoute, listOwnRoutes, replaceRoute, routeOf } from './route.ts';
import type { Rtnetlink } from './rtnetlink.ts';

/** On one link, or on all. */
export const observeGatewayRoutes = (rtnetlink: Rtnetlink, link?: number): GatewayRoutes =>
  gatewayRoutes(
    listOwnRoutes(rtnetlink).flatMap(({ destination, via, linkIndex }) =>
      via && (link === undefined || link === linkIndex) ? [{ destination, via }] : [],
    ),
  );

/**
 * In one datagram; one that fails does not stop the others, and the first failure is thrown in the end. Without a link
 * the kernel finds it by the gateway's address.
 */
export const applyGatewayRoutes = (
  rtnetlink: Rtnetlink,
  changes: readonly GatewayRouteChange[],
  link?: number,
): void => {
  const requests = changes.map(({ kind, route }) => {
    const of = { ...route, protocol: PROTOCOL.podnet, ...(link === undefined ? {} : { linkIndex: link }) };
    return kind === 'replace' ? replaceRoute(routeOf(of)) : deleteRoute(routeOf(of));
  });
  rtnetlink.request(requests);
};
