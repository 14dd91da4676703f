// Elements in the kernel that are no part of a whole entry: what is left where someone else removed or added elements.
// They go in the transaction that writes the entry of their address and port again, so that nothing in use is missing
// for a moment; the others go when all Services are in the kernel.
import type { Family } from '../ip/address.ts';
import { diffEntry } from './diff.ts';
import type { ElementChange, ElementMap, Programmed } from './diff.ts';

type Element = { readonly map: ElementMap; readonly key: string };

/** How to delete those of one table's elements that none of these entries has. */
export const straysOf = (
  family: Family,
  elements: readonly Element[],
  entries: readonly Programmed[],
): readonly ElementChange[] => {
  const owned = new Set(
    entries.flatMap((entry) => diffEntry(entry, undefined, noId).changes.map((change) => textOf(change))),
  );
  return elements
    .map(({ map, key }) => ({ verb: 'delete', family, map, element: key }) as const)
    .filter((change) => !owned.has(textOf(change)));
};

const noId = (): number => {
  throw new Error('an entry that goes needs no new endpoint');
};

const textOf = ({ map, element }: ElementChange): string => `${map} ${element}`;

type Front = Pick<Programmed, 'family' | 'match'>;

export class Strays {
  readonly #byFront: Map<string, ElementChange[]>;

  constructor(changes: readonly ElementChange[] = []) {
    this.#byFront = Map.groupBy(changes, frontOf);
  }

  /** Those in the way of these entries, each once: two entries may have the same address and port. */
  of(fronts: readonly Front[]): readonly ElementChange[] {
    const keys = new Set(fronts.map(({ family, match }) => `${family} ${match}`));
    return [...keys].flatMap((key) => this.#byFront.get(key) ?? []);
  }

  all(): readonly ElementChange[] {
    return [...this.#byFront.values()].flat();
  }

  drop({ family, match }: Front): void {
    this.#byFront.delete(`${family} ${match}`);
  }
}

/** The address and port that an element belongs to; that of an endpoint is not known, and in nobody's way. */
const frontOf = ({ family, map, element }: ElementChange): string => {
  if (map === 'endpoints' || map === 'hairpins' || map === 'sticky-endpoints') return `${family} ${map}`;
  return `${family} ${element.split(' . ').slice(0, 3).join(' . ')}`;
};
