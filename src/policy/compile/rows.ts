// What each class allows to whom: a row for every peer to which it allows something else than to peers of which nothing
// is known.
import { createDecision } from './decide.ts';
import type { ElementStore } from './element-store.ts';
import { markText, rowKey } from './elements.ts';
import type { Numbers } from './numbers.ts';
import { NOTHING, isEqualLine } from './port-line.ts';
import type { PortLine } from './port-line.ts';
import type { Fact, FactSet, PodClass, Side, Table } from './records.ts';
import { createTables } from './tables.ts';

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
  const tables = createTables(store, numbers);

  const putRow = (podClass: PodClass, set: FactSet, table: Table | undefined): void => {
    const before = podClass.rows.get(set);
    const key = rowKey(podClass.number, set.peer);
    if (table) {
      podClass.rows.set(set, table);
      set.classes.add(podClass);
      store.set('rows', key, markText(table.number));
    } else if (before) {
      podClass.rows.delete(set);
      set.classes.delete(podClass);
      store.remove('rows', key);
    }
    if (before) tables.disuse(before);
  };

  const updateRow = (podClass: PodClass, set: FactSet, allowedTo: AllowedTo): void => {
    const allowed = allowedTo(set);
    const isOwn = isEqualLine(allowed, podClass.allowed);
    putRow(podClass, set, isOwn ? undefined : tables.use(podClass, allowed));
  };

  return {
    refresh: (podClass) => {
      const sides = sidesOf(podClass);
      podClass.decision = createDecision(sides, podClass.namedPorts);
      tables.putOwn(podClass, podClass.decision.allowedTo([]));
      const peers = new Set(podClass.rows.keys());
      for (const side of sides) for (const fact of factsOf(side)) for (const set of fact.sets) peers.add(set);
      const allowedTo = allowedBy(podClass);
      for (const set of peers) updateRow(podClass, set, allowedTo);
    },
    remove: (podClass) => {
      for (const set of podClass.rows.keys()) putRow(podClass, set, undefined);
      tables.putOwn(podClass, NOTHING);
      tables.forget(podClass);
    },
    addPeer: (set, except) => {
      for (const podClass of askersOf(set))
        if (!except.has(podClass)) updateRow(podClass, set, allowedBy(podClass));
    },
    removePeer: (set) => {
      for (const podClass of set.classes) putRow(podClass, set, undefined);
    },
    ownerOf: tables.ownerOf,
  };
};

type AllowedTo = (peer: FactSet) => PortLine;

/** What the class allows to peers; those who differ only in facts that it does not ask for are decided once. */
const allowedBy = ({ decision: { asksFor, allowedTo } }: PodClass): AllowedTo => {
  const decided = new Map<string, PortLine>();
  return (peer) => {
    const facts = peer.facts.filter(asksFor);
    const key = facts.map(({ id }) => id).join(',');
    const known = decided.get(key) ?? allowedTo(facts);
    decided.set(key, known);
    return known;
  };
};

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
