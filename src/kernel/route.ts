// Routes, as `ip route` works on them.
import { formatAddress } from '../ip/address.ts';
import type { Address } from '../ip/address.ts';
import { NLM_F } from '../wire/netlink.ts';
import {
  MAIN_TABLE,
  PROTOCOL,
  decodeRoute,
  encodeRoute,
  encodeRouteQuery,
  formatRoute,
} from '../wire/rtnetlink/route.ts';
import type { Route } from '../wire/rtnetlink/route.ts';
import { RTM } from '../wire/rtnetlink/types.ts';
import { isKernelError } from './kernel-error.ts';
import type { NetlinkRequest } from './netlink-socket.ts';
import type { Rtnetlink } from './rtnetlink.ts';

/** A route in the main table; without a gateway it is on the link. */
export const routeOf = (of: Pick<Route, 'destination'> & Partial<Route>): Route => ({
  scope: of.destination.family === 4 && of.linkIndex !== undefined && !of.via ? 'link' : 'global',
  protocol: PROTOCOL.static,
  table: MAIN_TABLE,
  type: 'unicast',
  ...of,
});

/** Idempotent: takes the place of a route to the same destination. */
export const replaceRoute = (route: Route): NetlinkRequest => ({
  what: `route replace ${formatRoute(route)}`,
  type: RTM.newRoute,
  flags: NLM_F.create | NLM_F.replace,
  payload: encodeRoute(route),
});

/** Leaves a route to the same destination in its place. */
export const addRoute = (route: Route): NetlinkRequest => ({
  what: `route add ${formatRoute(route)}`,
  type: RTM.newRoute,
  flags: NLM_F.create | NLM_F.exclusive,
  payload: encodeRoute(route),
  tolerate: ['EEXIST'],
});

/** Idempotent. */
export const deleteRoute = (route: Route): NetlinkRequest => ({
  what: `route delete ${formatRoute(route)}`,
  type: RTM.deleteRoute,
  payload: encodeRoute(route),
  tolerate: ['ESRCH'],
});

/** The routes of both families with PROTOCOL.podnet, in all tables; the kernel filters. */
export const listOwnRoutes = (rtnetlink: Rtnetlink): readonly Route[] =>
  ([4, 6] as const).flatMap((family) =>
    rtnetlink
      .dump({ what: 'route list', type: RTM.getRoute, payload: filterOf(family), tolerate: ['ENOENT'] })
      .map(decodeRoute)
      .filter((route) => route !== undefined)
      .filter(({ protocol }) => protocol === PROTOCOL.podnet),
  );

/** The route that a packet from here to the address takes; undefined if there is none. Sends nothing. */
export const routeTo = (rtnetlink: Rtnetlink, address: Address): Route | undefined => {
  try {
    const [reply] = rtnetlink.request([
      {
        what: `route get ${formatAddress(address)}`,
        type: RTM.getRoute,
        payload: encodeRouteQuery(address),
      },
    ]);
    return reply?.[0] && decodeRoute(reply[0]);
  } catch (error) {
    if (isKernelError(error, 'ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL')) return undefined;
    throw error;
  }
};

/** A struct rtmsg that names family and protocol (NETLINK_GET_STRICT_CHK, linux 4.20). */
const filterOf = (family: 4 | 6): Uint8Array =>
  encodeRoute({
    destination: { family, address: { family, value: 0n }, length: 0 },
    scope: 'global',
    protocol: PROTOCOL.podnet,
    table: 0,
    type: 'other',
  }).subarray(0, 12);
