// Which ports one group of parties may connect to another on, by a set of policies.
import type { Family } from '../../ip/address.ts';
import { inOrder, judge, narrowed, selectsSubject } from './evaluate.ts';
import type { Rulebook } from './evaluate.ts';
import type { PartyGroup } from './party-groups.ts';
import type { PortSet } from './port-set.ts';
import type { Direction, PolicyRules } from './rules.ts';

export type Pair = { readonly source: PartyGroup; readonly destination: PartyGroup; readonly family: Family };

export type Access = {
  /** The policies that select the group. */
  readonly policiesOf: (group: PartyGroup) => readonly PolicyRules[];
  /** For each span of ports, whether the one end of the pair allows it. */
  readonly atEnd: (direction: Direction, pair: Pair, spans: PortSet) => readonly boolean[];
};

export const accessBy = (rulebook: Rulebook): Access => {
  const rulebookOf = narrowed({ ...rulebook, policies: inOrder(rulebook.policies) });
  return {
    policiesOf: ({ party }) => (party.kind === 'pod' ? rulebookOf(party.pod).policies : []),
    atEnd: (direction, { source, destination, family }, spans) => {
      const [subject, peer] = direction === 'egress' ? [source, destination] : [destination, source];
      const peerAddress = peer.addresses.find((address) => address.family === family);
      const { party } = subject;
      if (party.kind !== 'pod' || !peerAddress) return spans.map(() => true);
      const own = rulebookOf(party.pod);
      const question = { direction, subject: party.pod, peer: peer.party, peerAddress };
      return spans.map((span) => {
        const port = span.protocol === 'other' ? undefined : span.from;
        return judge({ ...question, protocol: span.protocol, port }, own).isAllowed;
      });
    },
  };
};

/** Whether the policy selects the group. */
export const concerns = (
  policy: PolicyRules,
  { party }: PartyGroup,
  facts: Pick<Rulebook, 'namespaces'>,
): boolean => party.kind === 'pod' && selectsSubject(policy, party.pod, facts);
