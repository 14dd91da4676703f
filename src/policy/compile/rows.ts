// Classes as elements: what each allows to peers of which nothing is known, and the rows for the peers to which it allows
// something else. Peers to which a class allows the same share a table.
import type { NamedPort } from '../model/world.ts';
import { allowedBy } from './decide.ts';
import type { ElementStore } from './element-store.ts';
import { markText, portKey, rangeKey, rowKey } from './elements.ts';
import { hashOf } from './numbers.ts';
import type { Numbers } from './numbers.ts';
import { EVERYTHING, NOTHING, difference, hasOthers, portIntervals } from './port-line.ts';
import type { PortLine } from './port-line.ts';
import type { Fact, FactSet, PodClass, Side, Table } from './records.ts';

export type Rows = {
  /** Works out the class anew: its policies, their rules or their order may be others. */
  readonly refresh: (podClass: PodClass) => void;
  readonly remove: (podClass: PodClass) => void;
  /** Rows for the peer, of the other classes with a rule that asks for one of its facts. */
  readonly addPeer: (set: FactSet, except: ReadonlySet<PodClass>) => void;
  readonly removePeer: (set: FactSet) => void;
  /** Whose table, or whose own number, it is. */
  readonly ownerOf: (number: number) => PodClass | undefined;
};

/** `factsOf` are the facts that the side asks for. */
export const createRows = (
  store: ElementStore,
  numbers: Numbers,
  factsOf: (side: Side) => Iterable<Fact>,
): Rows => {
  const tables = new Map<string, Table>();
  const owners = new Map<number, PodClass>();

  const useTable = (podClass: PodClass, allowed: PortLine): Table => {
    const key = `${podClass.number} allows ${allowed.join(',')}`;
    const known = tables.get(key);
    if (known) return known;
    const table = { key, number: numbers.take(key, hashOf(key)), allowed, uses: 0 };
    tables.set(key, table);
    owners.set(table.number, podClass);
    for (const element of elementsOf(table.number, allowed)) store.set(...element);
    return table;
  };

  const disuseTable = (table: Table): void => {
    if (--table.uses > 0) return;
    tables.delete(table.key);
    owners.delete(table.number);
    numbers.free(table.key);
    for (const [map, key] of elementsOf(table.number, table.allowed)) store.remove(map, key);
  };

  const putRow = (podClass: PodClass, set: FactSet, table: Table | undefined): void => {
    const before = podClass.rows.get(set);
    if (before === table) return;
    const key = rowKey(podClass.number, set.peer);
    if (table) {
      table.uses++;
      podClass.rows.set(set, table);
      set.classes.add(podClass);
      store.set('rows', key, markText(table.number));
    } else {
      podClass.rows.delete(set);
      set.classes.delete(podClass);
      store.remove('rows', key);
    }
    if (before) disuseTable(before);
  };

  const updateRow = (podClass: PodClass, set: FactSet, allowedTo: AllowedTo): void => {
    const allowed = allowedTo(set);
    const isSame = isEqual(allowed, podClass.allowed);
    putRow(podClass, set, isSame ? undefined : useTable(podClass, allowed));
  };

  const setAllowed = (podClass: PodClass, allowed: PortLine): void => {
    for (const [map, key] of elementsOf(podClass.number, podClass.allowed)) store.remove(map, key);
    for (const element of elementsOf(podClass.number, allowed)) store.set(...element);
    podClass.allowed = allowed;
  };

  return {
    refresh: (podClass) => {
      owners.set(podClass.number, podClass);
      podClass.sides = sidesOf(podClass);
      const allowedTo = decideFor(podClass);
      setAllowed(podClass, allowedTo(undefined));
      const peers = new Set(podClass.rows.keys());
      for (const side of podClass.sides)
        for (const fact of factsOf(side)) for (const set of fact.sets) peers.add(set);
      for (const set of peers) updateRow(podClass, set, allowedTo);
    },
    remove: (podClass) => {
      for (const set of podClass.rows.keys()) putRow(podClass, set, undefined);
      setAllowed(podClass, NOTHING);
      owners.delete(podClass.number);
      numbers.free(podClass.key);
    },
    addPeer: (set, except) => {
      for (const podClass of askersOf(set))
        if (!except.has(podClass)) updateRow(podClass, set, decideFor(podClass));
    },
    removePeer: (set) => {
      for (const podClass of set.classes) putRow(podClass, set, undefined);
    },
    ownerOf: (number) => owners.get(number),
  };
};

type AllowedTo = (peer: FactSet | undefined) => PortLine;

/** What the class allows to peers; those who differ only in facts that it does not ask for are decided once. */
const decideFor = ({ sides, direction, namedPorts }: PodClass): AllowedTo => {
  const decided = new Map<string, PortLine>();
  return (peer) => {
    const facts = (peer?.facts ?? []).filter(({ askers }) => sides.some((side) => askers.has(side)));
    const key = facts.map(({ id }) => id).join(',');
    const ports = direction === 'ingress' ? namedPorts : portsOf(facts);
    const known = decided.get(key) ?? allowedBy(sides, new Set(facts), ports);
    decided.set(key, known);
    return known;
  };
};

const portsOf = (facts: readonly Fact[]): readonly NamedPort[] =>
  facts.flatMap(({ is }) => (is.kind === 'port' ? is.port : []));

/** By priority and then by name, as the evaluator has them. */
const sidesOf = ({ policies, direction }: PodClass): readonly Side[] =>
  policies
    .map(({ directions }) => directions[direction].side)
    .filter((side) => side !== undefined)
    .sort(
      (a, b) =>
        a.policy.rules!.priority - b.policy.rules!.priority || (a.policy.text < b.policy.text ? -1 : 1),
    );

const askersOf = ({ facts }: FactSet): ReadonlySet<PodClass> =>
  new Set(
    facts.flatMap(({ askers }) =>
      [...askers].flatMap(({ policy, direction }) => [...policy.directions[direction].classes]),
    ),
  );

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

const isEqual = (a: PortLine, b: PortLine): boolean =>
  a.length === b.length && a.every((boundary, i) => boundary === b[i]);
