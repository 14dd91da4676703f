// Changes to the kernel, in one datagram. The kernel finds the interface by the gateway's address.
import { deleteRoute, replaceRoute, routeOf } from '../../kernel/route.ts';
import type { Rtnetlink } from '../../kernel/rtnetlink.ts';
import { PROTOCOL } from '../../wire/rtnetlink/route.ts';
import type { RouteChange } from './diff.ts';

/** One that fails does not stop the others; the first failure is thrown in the end. */
export const applyRouteChanges = (rtnetlink: Rtnetlink, changes: readonly RouteChange[]): void => {
  const requests = changes.map(({ kind, route }) => {
    const wanted = routeOf({ ...route, protocol: PROTOCOL.podnet });
    return kind === 'replace' ? replaceRoute(wanted) : deleteRoute(wanted);
  });
  rtnetlink.request(requests);
};
