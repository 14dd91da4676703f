// What the maps' keys and values are made of, as layout.ts says it to nft.
import type { NftSet } from '../../kernel/nft-elements.ts';
import type { NftField } from '../../kernel/nft-fields.ts';
import { MAPS } from '../compile/elements.ts';
import type { MapName } from '../compile/elements.ts';
import { FAMILY, TABLE_NAME } from './layout.ts';

type Fields = Pick<NftSet, 'key' | 'value' | 'isInterval' | 'isTimed'>;

const classes = (address: NftField): Fields => ({ key: [address], value: ['mark'] });
const peers = (address: NftField): Fields => ({ key: [address], value: ['handle'] });
const PORTS: Fields = { key: ['mark', 'protocol', 'port'], value: ['mark'] };

const FIELDS: Readonly<Record<MapName, Fields>> = {
  egress4: classes('ipv4'),
  egress6: classes('ipv6'),
  ingress4: classes('ipv4'),
  ingress6: classes('ipv6'),
  peers4: peers('ipv4'),
  peers6: peers('ipv6'),
  networks4: { ...peers('ipv4'), isInterval: true },
  networks6: { ...peers('ipv6'), isInterval: true },
  resolved4: { ...peers('ipv4'), isTimed: true },
  resolved6: { ...peers('ipv6'), isTimed: true },
  rows: { key: ['mark', 'handle'], value: ['mark'] },
  ports: PORTS,
  ranges: { ...PORTS, isInterval: true },
  others: { key: ['mark'], value: ['mark'] },
};

const SETS: ReadonlyMap<MapName, NftSet> = new Map(
  MAPS.map((name) => [name, { family: FAMILY, table: TABLE_NAME, name, ...FIELDS[name] }]),
);

/** A map of the table, as its elements are written. */
export const elementSet = (map: MapName): NftSet => SETS.get(map)!;
