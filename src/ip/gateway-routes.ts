// Routes that lead to a gateway each, as a table that can be compared.
import { type Address, formatAddress } from './address.ts';
import { type Prefix, formatPrefix } from './prefix.ts';

export type GatewayRoute = { readonly destination: Prefix; readonly via: Address };

/** By the destination's text: a destination has one route. */
export type GatewayRoutes = ReadonlyMap<string, GatewayRoute>;

export type GatewayRouteChange = { readonly kind: 'replace' | 'delete'; readonly route: GatewayRoute };

export const gatewayRoutes = (routes: readonly GatewayRoute[]): GatewayRoutes =>
  new Map(routes.map((route) => [formatPrefix(route.destination), route]));

/** What makes the actual routes the wanted ones: new ways first, then the old ones away, so that what is reached stays so. */
export const diffGatewayRoutes = (
  wanted: GatewayRoutes,
  actual: GatewayRoutes,
): readonly GatewayRouteChange[] => [
  ...[...wanted]
    .filter(([key, route]) => !isSame(route, actual.get(key)))
    .map(([, route]) => ({ kind: 'replace' as const, route })),
  ...[...actual].filter(([key]) => !wanted.has(key)).map(([, route]) => ({ kind: 'delete' as const, route })),
];

const isSame = (a: GatewayRoute, b: GatewayRoute | undefined): boolean =>
  b !== undefined && formatGatewayRoute(a) === formatGatewayRoute(b);

/** As `ip route` writes it. */
export const formatGatewayRoute = ({ destination, via }: GatewayRoute): string =>
  `${formatPrefix(destination)} via ${formatAddress(via)}`;

/** One route a line, sorted. */
export const toText = (routes: GatewayRoutes): string =>
  [...routes.values()].map(formatGatewayRoute).sort().join('\n');
