// What the maps' keys and values are made of, as layout.ts says it to nft.
import type { NftSet } from '../../kernel/nft-elements.ts';
import type { NftField } from '../../kernel/nft-fields.ts';
import type { MapName } from '../compile/elements.ts';
import { FAMILY, TABLE_NAME } from './layout.ts';

type Fields = Pick<NftSet, 'key' | 'value' | 'isInterval'>;

const byAddress = (address: NftField, value: NftField): Fields => ({ key: [address], value: [value] });
const byPort: Fields = { key: ['mark', 'protocol', 'port'], value: ['mark'] };

/** Without those whose elements are intervals of one field, or have a time: nft writes them. */
const FIELDS: Readonly<Partial<Record<MapName, Fields>>> = {
  egress4: byAddress('ipv4', 'mark'),
  egress6: byAddress('ipv6', 'mark'),
  ingress4: byAddress('ipv4', 'mark'),
  ingress6: byAddress('ipv6', 'mark'),
  peers4: byAddress('ipv4', 'priority'),
  peers6: byAddress('ipv6', 'priority'),
  rows: { key: ['mark', 'priority'], value: ['mark'] },
  ports: byPort,
  ranges: { ...byPort, isInterval: true },
  others: { key: ['mark'], value: ['mark'] },
};

const SETS: ReadonlyMap<string, NftSet> = new Map(
  Object.entries(FIELDS).map(([name, fields]) => [
    name,
    { family: FAMILY, table: TABLE_NAME, name, ...fields },
  ]),
);

/** The map, for elements that can be written by netlink; undefined if nft has to write them. */
export const elementSet = (map: MapName): NftSet | undefined => SETS.get(map);
