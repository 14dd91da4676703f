// The host's routes to load balancers' addresses: each leads to one node.
import { type Address, formatAddress } from '../../ip/address.ts';
import { type Prefix, formatPrefix } from '../../ip/prefix.ts';

export type AddressRoute = { readonly destination: Prefix; readonly via: Address };

/** By destination, as text. */
export type AddressRoutes = ReadonlyMap<string, AddressRoute>;

export const routesOf = (routes: readonly AddressRoute[]): AddressRoutes =>
  new Map(routes.map((route) => [formatPrefix(route.destination), route]));

/** As `ip route` has it: `172.30.0.225/32 via 172.30.0.11`. */
export const formatAddressRoute = ({ destination, via }: AddressRoute): string =>
  `${formatPrefix(destination)} via ${formatAddress(via)}`;

/** One line for each route, sorted. */
export const toText = (routes: AddressRoutes): string =>
  [...routes.values()].map(formatAddressRoute).sort().join('\n');
