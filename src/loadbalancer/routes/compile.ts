// Which node each address leads to. Memoryless: every change of nodes or endpoints elects anew, by highest random weight
// (rendezvous hashing), so that an address moves only when its node drops out or a better one comes. It moves seldom,
// for with it every connection through the host moves to a node that does not know it.
import { type Address, type Family, bitsOf, formatAddress } from '../../ip/address.ts';
import { type GatewayRoute, type GatewayRoutes, gatewayRoutes } from '../../ip/gateway-routes.ts';
import { prefixOf } from '../../ip/prefix.ts';
import { fnv1a32 } from '../../lang/fnv.ts';
import type { Announcement, Gateway } from './select.ts';

export const compileRoutes = (
  announcements: readonly Announcement[],
  gateways: readonly Gateway[],
): GatewayRoutes => gatewayRoutes(announcements.flatMap((announcement) => routeOf(announcement, gateways)));

const routeOf = (announcement: Announcement, gateways: readonly Gateway[]): readonly GatewayRoute[] => {
  const { address } = announcement;
  const [chosen] = candidates(announcement, gateways.filter(hasFamily(address.family))).toSorted(
    (a, b) => weight(address, b) - weight(address, a) || (a.name < b.name ? -1 : 1),
  );
  const via = chosen?.addresses.find(({ family }) => family === address.family);
  return via ? [{ destination: prefixOf(address, bitsOf(address.family)), via }] : [];
};

/** Where no node is ready one that is silent is better than none; where none has endpoints, any refuses for all. */
const candidates = (
  { isLocal, readyAt, servingAt }: Announcement,
  gateways: readonly Gateway[],
): readonly Gateway[] => {
  const able = orAll(gateways, ({ isReady }) => isReady);
  if (!isLocal) return able;
  const ready = able.filter(({ name }) => readyAt.has(name));
  return ready.length > 0 ? ready : orAll(able, ({ name }) => servingAt.has(name));
};

const orAll = (all: readonly Gateway[], holds: (gateway: Gateway) => boolean): readonly Gateway[] => {
  const some = all.filter(holds);
  return some.length > 0 ? some : all;
};

const hasFamily =
  (family: Family) =>
  ({ addresses }: Gateway): boolean =>
    addresses.some((address) => address.family === family);

const weight = (address: Address, { name }: Gateway): number => fnv1a32(`${formatAddress(address)} ${name}`);
