// Which ports one group of parties may connect to another on, by a set of policies.
import type { Family } from '../../ip/address.ts';
import { inOrder, judge, selectsSubject } from './evaluate.ts';
import type { Rulebook } from './evaluate.ts';
import type { PartyGroup } from './party-groups.ts';
import type { PortSet } from './port-set.ts';
import type { Direction } from './rules.ts';

export type Pair = { readonly source: PartyGroup; readonly destination: PartyGroup; readonly family: Family };

/** For each span of ports, whether both ends allow it. */
export type Access = (pair: Pair) => readonly boolean[];

export const accessBy = (rulebook: Rulebook, spans: PortSet): Access => {
  const rulebookOf = narrowed({ ...rulebook, policies: inOrder(rulebook.policies) });
  const end = (direction: Direction, subject: PartyGroup, peer: PartyGroup, family: Family): boolean[] => {
    const peerAddress = peer.addresses.find((address) => address.family === family);
    const { party } = subject;
    if (party.kind !== 'pod' || !peerAddress) return spans.map(() => true);
    const own = rulebookOf(subject);
    const question = { direction, subject: party.pod, peer: peer.party, peerAddress };
    return spans.map((span) => {
      const port = span.protocol === 'other' ? undefined : span.from;
      return judge({ ...question, protocol: span.protocol, port }, own).isAllowed;
    });
  };
  return ({ source, destination, family }) => {
    const ingress = end('ingress', destination, source, family);
    return end('egress', source, destination, family).map((isAllowed, index) => isAllowed && ingress[index]!);
  };
};

/** The rulebook with the policies only that select the group: most do not, and each question would ask them. */
const narrowed = (rulebook: Rulebook): ((group: PartyGroup) => Rulebook) => {
  const known = new Map<PartyGroup, Rulebook>();
  return (group) => {
    const own = known.get(group) ?? {
      ...rulebook,
      policies: rulebook.policies.filter((policy) => concerns(policy, group, rulebook)),
    };
    known.set(group, own);
    return own;
  };
};

/** Whether the policy selects the group. */
export const concerns = (
  policy: Rulebook['policies'][number],
  { party }: PartyGroup,
  facts: Pick<Rulebook, 'namespaces'>,
): boolean => party.kind === 'pod' && selectsSubject(policy, party.pod, facts);
