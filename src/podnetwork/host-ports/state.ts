// The host ports of a node: elements of two shared maps for each family.
import type { Family } from '../../ip/address.ts';

/** `ports` is for all addresses of the node, `addressed` for one; it is asked first. */
export type HostPortMap = 'ports' | 'addressed';

export type HostPort = {
  readonly family: Family;
  readonly map: HostPortMap;
  /** The map's key: `tcp . 8080` or `tcp . 172.30.0.11 . 8080`. */
  readonly match: string;
  /** The pod's. */
  readonly address: string;
  readonly port: number;
};

/** Distinct for elements of distinct maps. */
export const hostPortKey = ({ family, map, match }: Pick<HostPort, 'family' | 'map' | 'match'>): string =>
  `${family} ${map} ${match}`;

/** By key: a port of the node leads to one pod. */
export type HostPorts = ReadonlyMap<string, HostPort>;

export const isSameHostPort = (a: HostPort, b: HostPort | undefined): boolean =>
  b !== undefined && hostPortKey(a) === hostPortKey(b) && a.address === b.address && a.port === b.port;

/** Sorted lines: `tcp . 8080 -> 10.244.0.5 . 80`. */
export const toText = (ports: Iterable<HostPort>): string =>
  [...ports]
    .map(({ match, address, port }) => `${match} -> ${address} . ${port}`)
    .sort()
    .join('\n');
