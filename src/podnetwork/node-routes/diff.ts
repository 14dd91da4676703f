// What has to change for the kernel's routes to be the wanted ones.
import { formatNodeRoute } from './state.ts';
import type { NodeRoute, NodeRoutes } from './state.ts';

export type RouteChange = { readonly kind: 'replace' | 'delete'; readonly route: NodeRoute };

/** New ways first, then the old ones away: a pod that is reachable stays so. */
export const diffNodeRoutes = (desired: NodeRoutes, actual: NodeRoutes): readonly RouteChange[] => [
  ...[...desired]
    .filter(([key, route]) => !isSame(route, actual.get(key)))
    .map(([, route]) => ({ kind: 'replace' as const, route })),
  ...[...actual]
    .filter(([key]) => !desired.has(key))
    .map(([, route]) => ({ kind: 'delete' as const, route })),
];

const isSame = (a: NodeRoute, b: NodeRoute | undefined): boolean =>
  b !== undefined && formatNodeRoute(a) === formatNodeRoute(b);
