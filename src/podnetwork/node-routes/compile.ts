// Nodes to routes. A whole recompute: nodes are few, and their networks change seldom.
import type { GatewayRoute, GatewayRoutes } from '../../ip/gateway-routes.ts';
import { formatPrefix } from '../../ip/prefix.ts';
import type { NodeNetwork } from './select.ts';

/**
 * Each other node's pod CIDRs via its InternalIP of the same family. Where two nodes claim one CIDR the first by name
 * has it, whatever came first: every node decides alike.
 */
export const compileNodeRoutes = (nodes: readonly NodeNetwork[], ownName: string): GatewayRoutes => {
  const routes = new Map<string, GatewayRoute>();
  const own = nodes.find(({ name }) => name === ownName);
  const taken = new Set(own?.podCidrs.map(formatPrefix));
  for (const node of [...nodes].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (node.name === ownName) continue;
    for (const route of routesTo(node)) {
      const key = formatPrefix(route.destination);
      if (!taken.has(key) && !routes.has(key)) routes.set(key, route);
    }
  }
  return routes;
};

const routesTo = ({ podCidrs, internalIps }: NodeNetwork): readonly GatewayRoute[] =>
  podCidrs.flatMap((destination) => {
    const via = internalIps.find(({ family }) => family === destination.family);
    return via ? [{ destination, via }] : [];
  });
