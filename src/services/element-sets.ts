// What the maps' keys and values are made of, as layout.ts says it to nft.
import type { Family } from '../ip/address.ts';
import type { NftSet } from '../kernel/nft-elements.ts';
import type { NftField } from '../kernel/nft-fields.ts';
import type { ElementMap } from './diff.ts';
import { TABLE, familyWord } from './layout.ts';

type Fields = Pick<NftSet, 'key' | 'value' | 'isInterval'>;

const fieldsOf = (address: NftField): Readonly<Record<ElementMap, Fields>> => {
  const front = ['protocol', address, 'port'] as const;
  return {
    services: { key: front, value: ['mark'] },
    'outside-services': { key: front, value: ['mark'] },
    'cluster-ips': { key: [address], value: ['mark'] },
    slots: { key: [...front, 'mark'], value: ['mark'] },
    endpoints: { key: ['mark'], value: [address, 'port'] },
    hairpins: { key: ['mark', address] },
    'sticky-endpoints': { key: ['mark', ...front] },
    'limited-services': { key: front },
    'source-ranges': { key: [...front, address], isInterval: true },
  };
};

const setsOf = (family: Family): ReadonlyMap<string, NftSet> =>
  new Map(
    Object.entries(fieldsOf(family === 4 ? 'ipv4' : 'ipv6')).map(([name, fields]) => [
      name,
      { family: familyWord(family), table: TABLE, name, ...fields },
    ]),
  );

const SETS = { 4: setsOf(4), 6: setsOf(6) } as const;

/** A map of a family's table, as its elements are written. */
export const elementSet = (family: Family, map: ElementMap): NftSet => SETS[family].get(map)!;
