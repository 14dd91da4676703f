// From the elements that are there to those that are wanted.
import { MAPS } from '../compile/elements.ts';
import type { ElementChanges, Elements, MapName } from '../compile/elements.ts';

export const diffElements = (there: Elements, wanted: Elements): ElementChanges => ({
  remove: MAPS.flatMap((map) => missing(there, wanted, map).map(([key]) => [map, key] as const)),
  add: MAPS.flatMap((map) => missing(wanted, there, map).map(([key, value]) => [map, key, value] as const)),
});

/** What the first has, and the second has not, or with another value. */
const missing = (first: Elements, second: Elements, map: MapName): readonly (readonly [string, string])[] =>
  [...of(first, map)].filter(([key, value]) => of(second, map).get(key) !== value);

/** Elements of this map have their time. */
export const isResolved = (map: MapName): boolean => map === 'resolved4' || map === 'resolved6';

const of = (elements: Elements, map: MapName): ReadonlyMap<string, string> => elements.get(map) ?? NONE;

const NONE: ReadonlyMap<string, string> = new Map();
