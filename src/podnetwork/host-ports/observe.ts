// The host ports that an earlier agent left in the kernel, read once at the start.
import { FAMILIES } from '../../ip/address.ts';
import type { Nft } from '../../kernel/nft.ts';
import { readElements } from '../../kernel/nft-element-text.ts';
import type { Family } from '../../ip/address.ts';
import { tableName } from './layout.ts';
import { hostPortKey } from './state.ts';
import type { HostPort, HostPortMap, HostPorts } from './state.ts';

/** Undefined if there are no tables, or not both. */
export const observeHostPorts = (nft: Pick<Nft, 'query' | 'tables'>): HostPorts | undefined => {
  const tables = nft.tables();
  if (!FAMILIES.every((family) => tables.includes(tableName(family)))) return undefined;
  const ports = FAMILIES.flatMap((family) =>
    (['ports', 'addressed'] as const).flatMap((map) => readMap(nft, family, map)),
  );
  return new Map(ports.map((port) => [hostPortKey(port), port]));
};

const readMap = (nft: Pick<Nft, 'query'>, family: Family, map: HostPortMap): readonly HostPort[] =>
  readElements(nft, 'map', tableName(family), map).map(([match, value]) => {
    const [address, port] = value.split(' . ');
    return { family, map, match, address: address!, port: Number(port) };
  });
