// The routes from this node to the pods of the others.
import { formatAddress } from '../../ip/address.ts';
import type { Address } from '../../ip/address.ts';
import { formatPrefix } from '../../ip/prefix.ts';
import type { Prefix } from '../../ip/prefix.ts';

export type NodeRoute = { readonly destination: Prefix; readonly via: Address };

/** By the destination's text: a destination has one route. */
export type NodeRoutes = ReadonlyMap<string, NodeRoute>;

export const routesOf = (routes: readonly NodeRoute[]): NodeRoutes =>
  new Map(routes.map((route) => [formatPrefix(route.destination), route]));

/** As `ip route` writes it. */
export const formatNodeRoute = ({ destination, via }: NodeRoute): string =>
  `${formatPrefix(destination)} via ${formatAddress(via)}`;

/** One route a line, sorted. */
export const toText = (routes: NodeRoutes): string =>
  [...routes.values()].map(formatNodeRoute).sort().join('\n');
