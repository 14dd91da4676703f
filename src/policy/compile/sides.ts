// The policies that apply to pods of this node, direction by direction, and what their rules ask about peers.
import type { Direction, PolicyRules, Rule } from '../model/rules.ts';
import type { NamedPort } from '../model/world.ts';
import type { Facts } from './facts.ts';
import { EVERYTHING, NOTHING, portsLine, protocolLine, union } from './port-line.ts';
import type { PortLine } from './port-line.ts';
import type { Fact, NamedMatch, PolicyRecord, Side, SideRule } from './records.ts';

export type Sides = {
  /** Makes the side if it is not there or the policy is another one now; drops it if no class has the policy any more. */
  readonly refresh: (policy: PolicyRecord, direction: Direction) => void;
  /** The ports of these names that rules of egress ask for, as facts. */
  readonly portFacts: (namedPorts: readonly NamedPort[]) => readonly Fact[];
  /** All that the rules of the side ask for, as far as anyone has it. */
  readonly factsOf: (side: Side) => Iterable<Fact>;
  /** The domain names that rules ask for. */
  readonly domains: ReadonlyMap<string, Fact>;
  /** What rules ask for and did not, or do not any more and did, since the last call. */
  readonly takeChanged: () => SidesChange;
};

export type SidesChange = {
  readonly begun: readonly Fact[];
  readonly ended: readonly Fact[];
  /** Port names of egress. */
  readonly names: ReadonlySet<string>;
};

/** Of the pods that call a port by it, one fact for each port that some do. */
type PortName = { readonly askers: Set<Side>; readonly facts: Set<Fact> };

export const createSides = (facts: Facts): Sides => {
  const asked = new Set<Fact>();
  const names = new Map<string, PortName>();
  const domains = new Map<string, Fact>();
  let changedFacts = new Set<Fact>();
  let changedNames = new Set<string>();

  const begin = (side: Side): void => {
    for (const fact of side.facts) {
      fact.askers.add(side);
      changedFacts.add(fact);
    }
    if (side.direction === 'ingress') return; // the names are those of the class's own pods
    for (const name of side.names) {
      const known = names.get(name) ?? { askers: new Set(), facts: new Set() };
      if (known.askers.size === 0) changedNames.add(name);
      known.askers.add(side);
      names.set(name, known);
    }
  };

  const end = (side: Side): void => {
    for (const fact of side.facts) {
      fact.askers.delete(side);
      changedFacts.add(fact);
    }
    for (const name of side.names) {
      const askers = names.get(name)?.askers;
      if (askers?.delete(side) && askers.size === 0) changedNames.add(name);
    }
  };

  return {
    refresh: (policy, direction) => {
      const at = policy.directions[direction];
      const { side } = at;
      const source = at.classes.size > 0 ? policy.rules : undefined;
      if (side?.source === source) return;
      at.side = source && sideOf(policy, source, direction, facts);
      // the new one first: a fact that both ask for is asked for all the time
      if (at.side) begin(at.side);
      if (side) end(side);
    },
    portFacts: (namedPorts) =>
      [...new Set(namedPorts)].flatMap((port) => {
        const known = names.get(port.name);
        if (!known) return [];
        const fact = facts.ofPort(port, known.askers);
        known.facts.add(fact);
        return fact;
      }),
    factsOf: ({ direction, facts: ofPeers, names: ofPorts }) =>
      direction === 'ingress'
        ? ofPeers
        : [...ofPeers, ...[...ofPorts].flatMap((name) => [...(names.get(name)?.facts ?? [])])],
    domains,
    takeChanged: () => {
      const begun = [...changedFacts].filter((fact) => fact.askers.size > 0 && !asked.has(fact));
      const ended = [...changedFacts].filter((fact) => fact.askers.size === 0 && asked.has(fact));
      const unused = [...changedFacts].filter((fact) => fact.askers.size === 0);
      for (const fact of begun) {
        asked.add(fact);
        if (fact.is.kind === 'domain') domains.set(fact.is.name, fact);
      }
      for (const fact of unused) {
        asked.delete(fact);
        facts.forget(fact);
        if (fact.is.kind === 'domain') domains.delete(fact.is.name);
      }
      for (const name of changedNames) {
        const known = names.get(name);
        if (known?.askers.size !== 0) continue;
        known.facts.forEach(facts.forget);
        names.delete(name);
      }
      const change = { begun, ended, names: changedNames };
      changedFacts = new Set();
      changedNames = new Set();
      return change;
    },
  };
};

const sideOf = (policy: PolicyRecord, source: PolicyRules, direction: Direction, facts: Facts): Side => {
  const compiled = (source[direction] ?? []).map((rule) => sideRuleOf(rule, facts));
  return {
    policy,
    source,
    direction,
    rules: compiled,
    facts: new Set(compiled.flatMap(({ peers }) => (peers === 'any' ? [] : peers))),
    names: new Set(compiled.flatMap(({ named }) => named.map(({ name }) => name))),
  };
};

const sideRuleOf = ({ action, peers, ports }: Rule, facts: Facts): SideRule => ({
  action,
  peers: peers === 'any' ? 'any' : peers.flatMap((peer) => facts.ofPeer(peer)),
  ports: ports === 'any' ? EVERYTHING : ports.reduce((line, port) => union(line, lineOf(port)), NOTHING),
  named:
    ports === 'any'
      ? []
      : ports.flatMap((port): readonly NamedMatch[] => (port.kind === 'named' ? [port] : [])),
});

const lineOf = (port: Exclude<Rule['ports'], 'any'>[number]): PortLine => {
  switch (port.kind) {
    case 'port':
      return portsLine(port.protocol, port.from, port.to);
    case 'protocol':
      return protocolLine(port.protocol);
    case 'named': // it depends on the pod that is connected to
      return NOTHING;
  }
};
