// What the policies of a class allow to a peer: the tiers, one after the other, over the whole line of ports at once.
import type { Tier } from '../model/rules.ts';
import type { NamedPort } from '../model/world.ts';
import { EVERYTHING, NOTHING, difference, intersection, portsLine, union } from './port-line.ts';
import type { PortLine } from './port-line.ts';
import type { Fact, NamedMatch, Side, SideRule } from './records.ts';

const TIERS: readonly Tier[] = ['Admin', 'NetworkPolicy', 'Baseline'];

/** `sides` in their order; `facts` that hold of the peer; `namedPorts` of the pod that is connected to. */
export const allowedBy = (
  sides: readonly Side[],
  facts: ReadonlySet<Fact>,
  namedPorts: readonly NamedPort[],
): PortLine => {
  let [undecided, allowed] = [EVERYTHING, NOTHING];
  for (const tier of TIERS) {
    const asked = sides.filter(({ policy }) => policy.rules?.tier === tier);
    let passed = NOTHING;
    for (const rule of asked.flatMap(({ direction, rules }) =>
      rules.map((each) => ({ ...each, ports: portsOf(each, direction === 'egress', facts, namedPorts) })),
    )) {
      const decided = intersection(undecided, rule.ports);
      undecided = difference(undecided, decided);
      if (rule.action === 'Accept') allowed = union(allowed, decided);
      if (rule.action === 'Pass') passed = union(passed, decided);
    }
    // policies of this tier are the last word for the pods that they select
    if (tier === 'NetworkPolicy' && asked.length > 0) return allowed;
    undecided = union(undecided, passed);
  }
  return union(allowed, undecided);
};

/** The ports for which the rule matches the peer. */
const portsOf = (
  { peers, ports, named }: SideRule,
  isEgress: boolean,
  facts: ReadonlySet<Fact>,
  namedPorts: readonly NamedPort[],
): PortLine => {
  const matching = peers === 'any' ? [] : peers.filter((fact) => facts.has(fact));
  if (peers !== 'any' && matching.length === 0) return NOTHING;
  // in egress a name is the peer's, and stands for nothing where the clause that matches does not mean pods
  const hasNames = !isEgress || peers === 'any' || matching.some(({ is }) => is.kind === 'pods');
  return hasNames ? named.reduce((line, name) => union(line, namedLine(name, namedPorts)), ports) : ports;
};

const namedLine = (match: NamedMatch, namedPorts: readonly NamedPort[]): PortLine =>
  namedPorts
    .filter(({ name, protocol }) => name === match.name && (match.protocol ?? protocol) === protocol)
    .reduce((line, { protocol, port }) => union(line, portsLine(protocol, port, port)), NOTHING);
