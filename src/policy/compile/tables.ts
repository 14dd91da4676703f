// Tables of ports: what a class allows to whomever a row sends there. Peers to which it allows the same share one; what it
// allows to peers without a row is in the table with the class's own number.
import type { ElementStore } from './element-store.ts';
import { markText, portKey, rangeKey } from './elements.ts';
import { hashOf } from './numbers.ts';
import type { Numbers } from './numbers.ts';
import { EVERYTHING, difference, hasOthers, portIntervals } from './port-line.ts';
import type { PortLine } from './port-line.ts';
import type { PodClass, Table } from './records.ts';

export type Tables = {
  /** One more row leads to the table of the class that allows this. */
  readonly use: (podClass: PodClass, allowed: PortLine) => Table;
  /** One row fewer. */
  readonly disuse: (table: Table) => void;
  /** What the class allows by itself. */
  readonly putOwn: (podClass: PodClass, allowed: PortLine) => void;
  /** The class's number may be another's from now on. */
  readonly forget: (podClass: PodClass) => void;
  readonly ownerOf: (number: number) => PodClass | undefined;
};

export const createTables = (store: ElementStore, numbers: Numbers): Tables => {
  const tables = new Map<string, Table>();
  const owners = new Map<number, PodClass>();
  const write = (number: number, before: PortLine | undefined, after: PortLine | undefined): void => {
    if (before) for (const [map, key] of elementsOf(number, before)) store.remove(map, key);
    if (after) for (const element of elementsOf(number, after)) store.set(...element);
  };
  return {
    use: (podClass, allowed) => {
      const key = `${podClass.number} allows ${allowed.join(',')}`;
      const table = tables.get(key) ?? { key, number: numbers.take(key, hashOf(key)), allowed, uses: 0 };
      if (table.uses++ > 0) return table;
      tables.set(key, table);
      owners.set(table.number, podClass);
      write(table.number, undefined, allowed);
      return table;
    },
    disuse: (table) => {
      if (--table.uses > 0) return;
      tables.delete(table.key);
      owners.delete(table.number);
      numbers.free(table.key);
      write(table.number, table.allowed, undefined);
    },
    putOwn: (podClass, allowed) => {
      owners.set(podClass.number, podClass);
      write(podClass.number, podClass.allowed, allowed);
      podClass.allowed = allowed;
    },
    forget: (podClass) => {
      owners.delete(podClass.number);
      numbers.free(podClass.key);
    },
    ownerOf: (number) => owners.get(number),
  };
};

type TableElement = readonly [map: 'ports' | 'ranges' | 'others', key: string, value: string];

/** The table's elements: whichever ports are decided otherwise than all others. */
const elementsOf = (number: number, allowed: PortLine): readonly TableElement[] => {
  const isOpen = hasOthers(allowed);
  const value = isOpen ? markText(number) : ALLOWED;
  const intervals = portIntervals(isOpen ? difference(EVERYTHING, allowed) : allowed);
  const listed = intervals.map(({ protocol, from, to }): TableElement =>
    from === to
      ? ['ports', portKey(number, protocol, from), value]
      : ['ranges', rangeKey(number, protocol, from, to), value],
  );
  return isOpen ? [...listed, ['others', markText(number), ALLOWED]] : listed;
};

const ALLOWED = markText(0);
