// The names of ports that rules of egress ask for: they are the peers', so what a pod calls by one is a fact about it.
import type { NamedPort } from '../model/world.ts';
import type { Facts } from './facts.ts';
import type { Fact, Side } from './records.ts';

export type PortNames = {
  readonly begin: (side: Side) => void;
  readonly end: (side: Side) => void;
  /** The facts about a pod with these ports, as far as they are asked for. */
  readonly factsOf: (namedPorts: readonly NamedPort[]) => readonly Fact[];
  /** All facts that the names of the side stand for, as far as there are pods of which they hold. */
  readonly askedBy: (side: Side) => readonly Fact[];
  /** Names that are asked for and were not, or the other way round, since the last call. */
  readonly takeChanged: () => ReadonlySet<string>;
};

type PortName = { readonly askers: Set<Side>; readonly facts: Set<Fact> };

export const createPortNames = (facts: Facts): PortNames => {
  const names = new Map<string, PortName>();
  let changed = new Set<string>();
  return {
    begin: (side) => {
      for (const name of side.names) {
        const known = names.get(name) ?? { askers: new Set(), facts: new Set() };
        if (known.askers.size === 0) changed.add(name);
        known.askers.add(side);
        names.set(name, known);
      }
    },
    end: (side) => {
      for (const name of side.names) {
        const known = names.get(name);
        if (known?.askers.delete(side) && known.askers.size === 0) changed.add(name);
      }
    },
    factsOf: (namedPorts) => {
      const held = new Set<Fact>();
      for (const port of namedPorts) {
        const known = names.get(port.name);
        if (!known) continue;
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
