// What the policies of a class allow to a peer: the tiers, one after the other, over the whole line of ports at once. Only
// the rules that ask for a fact about the peer are looked at, however many there are.
import type { Tier } from '../model/rules.ts';
import type { NamedPort } from '../model/world.ts';
import { EVERYTHING, NOTHING, difference, intersection, portsLine, union } from './port-line.ts';
import type { PortLine } from './port-line.ts';
import type { Decision, Fact, NamedMatch, Side, SideRule } from './records.ts';

const TIERS: readonly Tier[] = ['Admin', 'NetworkPolicy', 'Baseline'];

/** A rule in its place among all of the class. */
type RankedRule = SideRule & { readonly rank: number; readonly tier: Tier };

/** `sides` in the order of their policies; `own` are the named ports of the class's pods, for rules of ingress. */
export const createDecision = (sides: readonly Side[], own: readonly NamedPort[]): Decision => {
  const inTiers = TIERS.flatMap((tier) => sides.filter(({ source }) => source.tier === tier));
  const rules = inTiers
    .flatMap(({ source: { tier }, rules: ofSide }) => ofSide.map((rule) => ({ ...rule, tier })))
    .map((rule, rank): RankedRule => ({ ...rule, rank }));
  const isEgress = sides.some(({ direction }) => direction === 'egress');
  const names = new Set(isEgress ? rules.flatMap(({ named }) => named.map(({ name }) => name)) : []);
  const forAnyone = rules.filter(({ peers }) => peers === 'any');
  const byFact = new Map<Fact, RankedRule[]>();
  for (const rule of rules)
    for (const fact of rule.peers === 'any' ? [] : new Set(rule.peers))
      byFact.set(fact, [...(byFact.get(fact) ?? []), rule]);
  const isIsolated = sides.some(({ source }) => source.tier === 'NetworkPolicy');
  return {
    asksFor: (fact) => (fact.is.kind === 'port' ? names.has(fact.is.port.name) : byFact.has(fact)),
    allowedTo: (facts) => {
      const namedPorts = isEgress ? facts.flatMap(({ is }) => (is.kind === 'port' ? is.port : [])) : own;
      const matching = new Map<RankedRule, boolean>(forAnyone.map((rule) => [rule, true]));
      for (const fact of facts)
        for (const rule of byFact.get(fact) ?? [])
          // in egress a name is the peer's, and stands for nothing where no clause that matches means pods
          matching.set(rule, matching.get(rule) || !isEgress || fact.is.kind === 'pods');
      const inOrder = [...matching].sort(([a], [b]) => a.rank - b.rank);
      return firstMatches(
        inOrder.map(([rule, hasNames]) => ({ ...rule, ports: portsOf(rule, hasNames ? namedPorts : []) })),
        isIsolated,
      );
    },
  };
};

/** The ports that the first rule that has them accepts, or that no rule has where the class is not isolated. */
const firstMatches = (rules: readonly RankedRule[], isIsolated: boolean): PortLine => {
  let [undecided, allowed] = [EVERYTHING, NOTHING];
  for (const tier of TIERS) {
    let passed = NOTHING;
    for (const { action, ports } of rules.filter((rule) => rule.tier === tier)) {
      const decided = intersection(undecided, ports);
      undecided = difference(undecided, decided);
      if (action === 'Accept') allowed = union(allowed, decided);
      if (action === 'Pass') passed = union(passed, decided);
    }
    // policies of this tier are the last word for the pods that they select
    if (tier === 'NetworkPolicy' && isIsolated) return allowed;
    undecided = union(undecided, passed);
  }
  return union(allowed, undecided);
};

const portsOf = ({ ports, named }: SideRule, namedPorts: readonly NamedPort[]): PortLine =>
  named.reduce((line, match) => union(line, namedLine(match, namedPorts)), ports);

const namedLine = (match: NamedMatch, namedPorts: readonly NamedPort[]): PortLine =>
  namedPorts
    .filter(({ name, protocol }) => name === match.name && (match.protocol ?? protocol) === protocol)
    .reduce((line, { protocol, port }) => union(line, portsLine(protocol, port, port)), NOTHING);
