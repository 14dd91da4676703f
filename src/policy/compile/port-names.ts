// The names of ports that rules of egress ask for: they are the peers', so what a pod calls by one is a fact about it.
import type { NamedPort } from '../model/world.ts';
import type { Facts } from './facts.ts';
import type { Fact, Side } from './records.ts';

export type PortNames = {
  readonly begin: (side: Side) => void;
  readonly end: (side: Side) => void;
  /** The facts about a pod with these ports; of one that no rule means, only for names that rules for any peer have. */
  readonly factsOf: (namedPorts: readonly NamedPort[], isMeant: boolean) => readonly Fact[];
  /** All facts that the names of the side stand for, as far as there are pods of which they hold. */
  readonly askedBy: (side: Side) => readonly Fact[];
  /** Names of whose ports something else is asked than before, since the last call. */
  readonly takeChanged: () => ReadonlySet<string>;
};

type PortName = {
  readonly askers: Set<Side>;
  /** Those with a rule for any peer. */
  readonly askersOfAny: Set<Side>;
  /** One for each port that some pod calls by the name. */
  readonly facts: Set<Fact>;
};

export const createPortNames = (facts: Facts): PortNames => {
  const names = new Map<string, PortName>();
  let changed = new Set<string>();

  const edit = (name: string, askers: Set<Side>, verb: 'add' | 'delete', side: Side): void => {
    const before = askers.size;
    askers[verb](side);
    if (before === 0 || askers.size === 0) changed.add(name);
  };

  const change = (side: Side, verb: 'add' | 'delete'): void => {
    for (const name of side.names) {
      const known = names.get(name) ?? { askers: new Set(), askersOfAny: new Set(), facts: new Set() };
      names.set(name, known);
      edit(name, known.askers, verb, side);
      if (side.namesForAny.has(name)) edit(name, known.askersOfAny, verb, side);
    }
  };

  return {
    begin: (side) => change(side, 'add'),
    end: (side) => change(side, 'delete'),
    factsOf: (namedPorts, isMeant) => {
      const held = new Set<Fact>();
      for (const port of namedPorts) {
        const known = names.get(port.name);
        if (!known || (!isMeant && known.askersOfAny.size === 0)) continue;
        const fact = facts.ofPort(port, known.askers);
        known.facts.add(fact);
        held.add(fact);
      }
      return [...held];
    },
    askedBy: (side) => [...side.names].flatMap((name) => [...(names.get(name)?.facts ?? [])]),
    takeChanged: () => {
      const taken = changed;
      changed = new Set();
      for (const name of taken) {
        const known = names.get(name);
        if (known?.askers.size !== 0) continue;
        for (const fact of known.facts) facts.forget(fact);
        names.delete(name);
      }
      return taken;
    },
  };
};
