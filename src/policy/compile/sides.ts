// The policies that apply to pods of this node, direction by direction, and what their rules ask about peers.
import type { Direction, PolicyRules, Rule } from '../model/rules.ts';
import type { NamedPort } from '../model/world.ts';
import type { Facts } from './facts.ts';
import { EVERYTHING, NOTHING, portsLine, protocolLine, union } from './port-line.ts';
import type { PortLine } from './port-line.ts';
import { createPortNames } from './port-names.ts';
import type { Fact, NamedMatch, PolicyRecord, Side, SideRule } from './records.ts';

export type Sides = {
  /** Makes the side if it is not there or the policy is another one now; drops it if no class has the policy any more. */
  readonly refresh: (policy: PolicyRecord, direction: Direction) => void;
  /** The facts about a pod's ports that rules ask for; of a pod that no rule means, only those for any peer do. */
  readonly portFacts: (namedPorts: readonly NamedPort[], isMeant: boolean) => readonly Fact[];
  /** All that the rules of the side ask for, as far as it holds of anyone. */
  readonly factsOf: (side: Side) => Iterable<Fact>;
  /** The domain names that rules ask for. */
  readonly domains: ReadonlyMap<string, Fact>;
  /** What rules ask for and did not, or do not any more and did, since the last call. */
  readonly takeChanged: () => Asked;
};

export type Asked = {
  readonly begun: readonly Fact[];
  readonly ended: readonly Fact[];
  /** Port names of egress, of both. */
  readonly names: ReadonlySet<string>;
};

export const createSides = (facts: Facts): Sides => {
  const asked = new Set<Fact>();
  const names = createPortNames(facts);
  const domains = new Map<string, Fact>();
  let changed = new Set<Fact>();

  const change = (side: Side, verb: 'add' | 'delete'): void => {
    for (const fact of side.facts) {
      fact.askers[verb](side);
      changed.add(fact);
    }
    // in ingress the names are those of the class's own pods
    if (side.direction === 'egress') names[verb === 'add' ? 'begin' : 'end'](side);
  };

  return {
    refresh: (policy, direction) => {
      const at = policy.directions[direction];
      const { side } = at;
      const source = at.classes.size > 0 ? policy.rules : undefined;
      if (side?.source === source) return;
      at.side = source && sideOf(policy, source, direction, facts);
      // the new one first: a fact that both ask for is asked for all the time
      if (at.side) change(at.side, 'add');
      if (side) change(side, 'delete');
    },
    portFacts: names.factsOf,
    factsOf: (side) => (side.direction === 'egress' ? [...side.facts, ...names.askedBy(side)] : side.facts),
    domains,
    takeChanged: () => {
      const [begun, ended]: [Fact[], Fact[]] = [[], []];
      for (const fact of changed) {
        if (fact.askers.size > 0) {
          if (asked.has(fact)) continue;
          asked.add(fact);
          begun.push(fact);
          if (fact.is.kind === 'domain') domains.set(fact.is.name, fact);
        } else {
          if (asked.delete(fact)) ended.push(fact);
          facts.forget(fact);
          if (fact.is.kind === 'domain') domains.delete(fact.is.name);
        }
      }
      changed = new Set();
      return { begun, ended, names: names.takeChanged() };
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
    names: namesIn(compiled),
    namesForAny: namesIn(compiled.filter(({ peers }) => peers === 'any')),
  };
};

const namesIn = (rules: readonly SideRule[]): ReadonlySet<string> =>
  new Set(rules.flatMap(({ named }) => named.map(({ name }) => name)));

const sideRuleOf = ({ action, peers, ports }: Rule, facts: Facts): SideRule => ({
  action,
  peers: peers === 'any' ? 'any' : facts.ofPeers(peers),
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
