// Nodes to routes. A whole recompute: nodes are few, and their networks change seldom.
import { formatPrefix } from '../../ip/prefix.ts';
import type { NodeNetwork } from './select.ts';
import type { NodeRoute, NodeRoutes } from './state.ts';

/**
 * Each other node's pod CIDRs via its InternalIP of the same family. Where two nodes claim one CIDR the first by name
 * has it, whatever came first: every node decides alike.
 */
export const compileNodeRoutes = (nodes: readonly NodeNetwork[], ownName: string): NodeRoutes => {
  const routes = new Map<string, NodeRoute>();
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

const routesTo = ({ podCidrs, internalIps }: NodeNetwork): readonly NodeRoute[] =>
  podCidrs.flatMap((destination) => {
    const via = internalIps.find(({ family }) => family === destination.family);
    return via ? [{ destination, via }] : [];
  });
