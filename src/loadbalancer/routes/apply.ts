// The host's routes in the kernel: they are told from all others by their protocol number and their link, and end with it.
import { findLink } from '../../kernel/link.ts';
import { deleteRoute, listOwnRoutes, replaceRoute, routeOf } from '../../kernel/route.ts';
import type { Rtnetlink } from '../../kernel/rtnetlink.ts';
import { PROTOCOL } from '../../wire/rtnetlink/route.ts';
import type { RouteChange } from './diff.ts';
import { type AddressRoutes, routesOf } from './state.ts';

/** Throws if the link is not there. */
export const linkIndexOf = (rtnetlink: Rtnetlink, name: string): number => {
  const index = findLink(rtnetlink, name)?.index;
  if (index === undefined) throw new Error(`no link ${name} to reach the nodes by`);
  return index;
};

export const observeRoutes = (rtnetlink: Rtnetlink, link: number): AddressRoutes =>
  routesOf(
    listOwnRoutes(rtnetlink).flatMap(({ destination, via, linkIndex }) =>
      via && linkIndex === link ? [{ destination, via }] : [],
    ),
  );

/** One that fails does not stop the others; the first failure is thrown in the end. */
export const applyRoutes = (rtnetlink: Rtnetlink, link: number, changes: readonly RouteChange[]): void => {
  rtnetlink.request(
    changes.map(({ kind, route }) => {
      const wanted = routeOf({ ...route, linkIndex: link, protocol: PROTOCOL.podnet });
      return kind === 'replace' ? replaceRoute(wanted) : deleteRoute(wanted);
    }),
  );
};
