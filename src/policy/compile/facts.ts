// The facts that rules ask for, each once, and the sets of them that addresses have: a set's number is the peer id.
import { peerText as factText } from '../model/rules.ts';
import type { Peer } from '../model/rules.ts';
import type { NamedPort } from '../model/world.ts';
import { peerText } from './elements.ts';
import { hashOf, spread } from './numbers.ts';
import type { Numbers } from './numbers.ts';
import type { Fact, FactKind, FactSet, Side } from './records.ts';

export type Facts = {
  /** The facts of which one has to hold of an address for it to be one of the peers. */
  readonly ofPeers: (peers: readonly Peer[]) => readonly Fact[];
  /** All ports of the name have the same askers. */
  readonly ofPort: (port: NamedPort, askers: Set<Side>) => Fact;
  /** Nobody asks for the fact any more; it is another one if it comes again. */
  readonly forget: (fact: Fact) => void;
  /** One more element has the set of these facts, in any order. */
  readonly use: (facts: readonly Fact[]) => FactSet;
  /** The peer id that a set of these facts has, unless its number was taken. */
  readonly peerOf: (facts: readonly Fact[]) => string;
  /** One element fewer. */
  readonly disuse: (set: FactSet) => void;
  /** Sets that elements have now and had not, and that they had and have not now, since the last call. */
  readonly takeChanged: () => { readonly born: readonly FactSet[]; readonly dead: readonly FactSet[] };
};

export const createFacts = (numbers: Numbers): Facts => {
  const facts = new Map<string, Fact>();
  const sets = new Map<string, FactSet>();
  const fresh = new Set<FactSet>();
  const left = new Set<FactSet>();
  let nextId = 0;

  const factOf = (text: string, is: FactKind, askers = new Set<Side>()): Fact => {
    const known = facts.get(text);
    if (known) return known;
    const fact: Fact = { id: nextId++, text, hash: hashOf(text), is, askers, sets: new Set() };
    facts.set(text, fact);
    return fact;
  };

  const setOf = (members: readonly Fact[]): FactSet => {
    const sorted = members.toSorted((a, b) => a.id - b.id);
    const key = sorted.map(({ id }) => id).join(',');
    const known = sets.get(key);
    if (known) return known;
    const peer = peerText(numbers.take(key, hashOfAll(sorted)));
    const set: FactSet = { key, facts: sorted, peer, uses: 0, classes: new Set() };
    sets.set(key, set);
    fresh.add(set);
    for (const fact of sorted) fact.sets.add(set);
    return set;
  };

  return {
    ofPeers: (peers) => {
      const networks = peers.filter((peer) => peer.kind === 'network');
      const others = peers.flatMap((peer) => {
        if (peer.kind === 'network') return [];
        if (peer.kind !== 'domains') return [factOf(factText(peer), peer)];
        return peer.names.map((name) => factOf(`domain ${name}`, { kind: 'domain', name }));
      });
      if (networks.length === 0) return others;
      const text = [...new Set(networks.map(factText))].sort().join(', ');
      return [...others, factOf(text, { kind: 'networks', networks })];
    },
    ofPort: (port, askers) =>
      factOf(`port ${port.protocol} ${port.name} ${port.port}`, { kind: 'port', port }, askers),
    forget: (fact) => void facts.delete(fact.text),
    use: (members) => {
      const set = setOf(members);
      set.uses++;
      return set;
    },
    peerOf: (members) => peerText(numbers.first(hashOfAll(members))),
    disuse: (set) => {
      if (--set.uses === 0) left.add(set);
    },
    takeChanged: () => {
      const dead = [...left].filter(({ uses }) => uses === 0);
      for (const set of dead) {
        sets.delete(set.key);
        numbers.free(set.key);
        for (const fact of set.facts) fact.sets.delete(set);
      }
      const born = [...fresh].filter(({ uses }) => uses > 0);
      fresh.clear();
      left.clear();
      return { born, dead };
    },
  };
};

/** Of a sum, in which the order does not matter: that of the ids is history. */
const hashOfAll = (facts: readonly Fact[]): number =>
  spread(facts.reduce((total, { hash }) => (total + spread(hash)) >>> 0, 0));
