// The host ports that an earlier agent left in the kernel, read once at the start.
import type { Nft, NftObject } from '../../kernel/nft.ts';
import { FAMILIES } from '../../ip/address.ts';
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

const readMap = (nft: Pick<Nft, 'query'>, family: Family, map: HostPortMap): readonly HostPort[] => {
  const listing = nft.query(`list map ${tableName(family)} ${map}`).find((object) => object['map']);
  return elementsOf(listing).map(([key, value]) => {
    const [address, port] = value.concat;
    return { family, map, match: key.concat.join(' . '), address: String(address), port: Number(port) };
  });
};

/** libnftables-json(5), EXPRESSIONS: keys and values are concatenations. */
type Concat = { readonly concat: readonly (string | number)[] };

const elementsOf = (listing: NftObject | undefined): readonly (readonly [Concat, Concat])[] =>
  (listing?.['map']?.['elem'] ?? []) as readonly (readonly [Concat, Concat])[];
