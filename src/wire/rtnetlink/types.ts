// linux/rtnetlink.h: message types, and what all of rtnetlink's structs share.
import type { Family } from '../../ip/address.ts';

export const RTM = {
  newLink: 16,
  deleteLink: 17,
  getLink: 18,
  newAddress: 20,
  deleteAddress: 21,
  getAddress: 22,
  newRoute: 24,
  deleteRoute: 25,
  getRoute: 26,
  newNeighbor: 28,
  deleteNeighbor: 29,
  getNeighbor: 30,
} as const;

const AF_INET = 2;
const AF_INET6 = 10;

export const familyNumber = (family: Family): number => (family === 4 ? AF_INET : AF_INET6);

/** Undefined for families other than IPv4 and IPv6. */
export const familyFromNumber = (value: number): Family | undefined =>
  value === AF_INET ? 4 : value === AF_INET6 ? 6 : undefined;

/** How far a route's or an address's validity reaches (enum rt_scope_t). */
export type Scope = 'global' | 'site' | 'link' | 'host' | 'nowhere';

const SCOPES: Readonly<Record<Scope, number>> = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 };

export const scopeNumber = (scope: Scope): number => SCOPES[scope];

/** Scopes that have no name count as global. */
export const scopeFromNumber = (value: number): Scope =>
  (Object.keys(SCOPES) as Scope[]).find((scope) => SCOPES[scope] === value) ?? 'global';
