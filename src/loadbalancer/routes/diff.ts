// What has to change for the host's routes to be the wanted ones.
import { type AddressRoute, type AddressRoutes, formatAddressRoute } from './state.ts';

export type RouteChange = { readonly kind: 'replace' | 'delete'; readonly route: AddressRoute };

/** New ways first, then the old ones away. */
export const diffRoutes = (wanted: AddressRoutes, actual: AddressRoutes): readonly RouteChange[] => [
  ...[...wanted]
    .filter(([key, route]) => !isSame(route, actual.get(key)))
    .map(([, route]) => ({ kind: 'replace' as const, route })),
  ...[...actual].filter(([key]) => !wanted.has(key)).map(([, route]) => ({ kind: 'delete' as const, route })),
];

const isSame = (a: AddressRoute, b: AddressRoute | undefined): boolean =>
  b !== undefined && formatAddressRoute(a) === formatAddressRoute(b);
