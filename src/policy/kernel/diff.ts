// From the elements that are there to those that are wanted.
import { MAPS } from '../compile/elements.ts';
import type { ElementChanges, Elements, MapName } from '../compile/elements.ts';

/**
 * Elements of names that the wanted ones do not have stay, as long as a row asks for their peer: they came from DNS to a
 * former agent, and end by themselves.
 */
export const diffElements = (there: Elements, wanted: Elements): ElementChanges => {
  const peers = peersIn(wanted);
  const stays = (map: MapName, value: string): boolean => isResolved(map) && peers.has(value);
  return {
    remove: MAPS.flatMap((map) =>
      [...of(there, map)]
        .filter(([key, value]) => of(wanted, map).get(key) !== value && !stays(map, value))
        .map(([key]) => [map, key] as const),
    ),
    add: MAPS.flatMap((map) =>
      [...of(wanted, map)]
        .filter(([key, value]) => of(there, map).get(key) !== value)
        .map(([key, value]) => [map, key, value] as const),
    ),
  };
};

export const isResolved = (map: MapName): boolean => map === 'resolved4' || map === 'resolved6';

const of = (elements: Elements, map: MapName): ReadonlyMap<string, string> => elements.get(map) ?? NONE;

const NONE: ReadonlyMap<string, string> = new Map();

/** The peer ids that rows ask for. */
const peersIn = (elements: Elements): ReadonlySet<string> =>
  new Set([...of(elements, 'rows').keys()].map((key) => key.split(' . ')[1]!));
