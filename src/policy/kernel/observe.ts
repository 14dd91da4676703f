// What is in the table, read once at the start, where a former agent's work is taken up as it is, and in the background
// when others have written to nftables.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Nft } from '../../kernel/nft.ts';
import { readElements } from '../../kernel/nft-element-text.ts';
import { MAPS } from '../compile/elements.ts';
import type { AddedElement, Elements, MapName } from '../compile/elements.ts';
import { TABLE, chainNames } from './layout.ts';

/** The elements of the table; undefined if there is none, or one with other chains. Throws if a map is of another make. */
export const observe = (nft: Pick<Nft, 'query' | 'tables'>): Elements | undefined =>
  hasTable(nft) && hasOwnChains(nft) ? new Map(MAPS.map((map) => readMap(nft, map))) : undefined;

/** The same, but others of this thread get their turn after each map. */
export const observeInTurns = async (nft: Pick<Nft, 'query' | 'tables'>): Promise<Elements | undefined> => {
  if (!hasTable(nft)) return undefined;
  const maps: ReturnType<typeof readMap>[] = [];
  for (const map of MAPS) {
    maps.push(readMap(nft, map));
    await nextTurn();
  }
  return new Map(maps);
};

/** libnftables-json(5): an element with a time, in seconds. */
type TimedElement = readonly [{ readonly elem: { readonly val: string; readonly expires: number } }, string];

/** The elements that have a time, with it. */
export const observeTimed = (nft: Pick<Nft, 'query'>, nowMs: number): readonly AddedElement[] =>
  (['resolved4', 'resolved6'] as const).flatMap((map) => {
    const listing = nft.query(`list map ${TABLE} ${map}`).find((object) => object['map']);
    const elements = (listing?.['map']?.['elem'] ?? []) as readonly TimedElement[];
    return elements.map(([{ elem }, value]) => [map, elem.val, value, nowMs + elem.expires * 1000] as const);
  });

const readMap = (nft: Pick<Nft, 'query'>, map: MapName): readonly [MapName, ReadonlyMap<string, string>] => [
  map,
  new Map(readElements(nft, 'map', TABLE, map)),
];

const hasTable = (nft: Pick<Nft, 'tables'>): boolean => nft.tables().includes(TABLE);

/** What another version of podnet hooked in would stay and act besides. */
const hasOwnChains = (nft: Pick<Nft, 'query'>): boolean => {
  const known = new Set(chainNames());
  return nft
    .query(`list table ${TABLE}`, { terse: true })
    .every(({ chain }) => chain === undefined || known.has(String(chain['name'])));
};
