// linux/rtnetlink.h: message types, and what all of rtnetlink's structs share.

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
} as const;

/** How far a route's or an address's validity reaches (enum rt_scope_t). */
export type Scope = 'global' | 'site' | 'link' | 'host' | 'nowhere';

const SCOPES: Readonly<Record<Scope, number>> = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 };

export const scopeNumber = (scope: Scope): number => SCOPES[scope];

/** Scopes that have no name count as global. */
export const scopeFromNumber = (value: number): Scope =>
  (Object.keys(SCOPES) as Scope[]).find((scope) => SCOPES[scope] === value) ?? 'global';
