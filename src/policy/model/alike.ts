// Which of several parties no policy tells apart.
import type { Address } from '../../ip/address.ts';
import { FAMILIES } from '../../ip/address.ts';
import { nthAddress, prefixContains } from '../../ip/prefix.ts';
import type { Prefix } from '../../ip/prefix.ts';
import { matchesPeer } from './match.ts';
import type { Facts, Party } from './match.ts';
import type { Peer } from './rules.ts';

export type Member = { readonly party: Party; readonly addresses: readonly Address[] };

/** The members in groups that are alike to all the peers, and in their families and named ports. */
export const groupAlike = <T extends Member>(
  members: readonly T[],
  peers: readonly Peer[],
  facts: Facts,
): readonly (readonly T[])[] => {
  if (members.length < 2) return members.length === 0 ? [] : [members];
  const dividing = dividingPeers(members, peers);
  const looksOf = ({ party, addresses }: T): string =>
    JSON.stringify([
      addresses.map((peerAddress) => [
        peerAddress.family,
        dividing.map((peer) => (matchesPeer(peer, { peer: party, peerAddress }, facts) ? '1' : '0')).join(''),
      ]),
      party.kind === 'pod' ? party.pod.namedPorts : [],
    ]);
  return [...Map.groupBy(members, looksOf).values()];
};

/** Those that may match some of the members only. Most workloads have one set of labels, and their addresses in one block. */
const dividingPeers = (members: readonly Member[], peers: readonly Peer[]): readonly Peer[] => {
  const hasManyLabels = new Set(members.map(({ party }) => labelsText(party))).size > 1;
  const spans = FAMILIES.flatMap((family) => spanOf(members, family));
  return peers.filter((peer) => {
    if (peer.kind === 'domains') return true;
    if (peer.kind !== 'network') return hasManyLabels;
    return [peer.cidr, ...peer.except].some((prefix) => spans.some((span) => divides(prefix, span)));
  });
};

const labelsText = (party: Party): string => {
  if (party.kind === 'outside') return '';
  const { labels } = party.kind === 'pod' ? party.pod : party.node;
  const texts = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return JSON.stringify([party.kind === 'pod' ? party.pod.namespace : null, texts.sort()]);
};

type Span = { readonly first: Address; readonly last: Address };

const spanOf = (members: readonly Member[], family: Address['family']): Span[] => {
  const own = members.flatMap(({ addresses }) => addresses.filter((address) => address.family === family));
  const ordered = own.toSorted((a, b) => (a.value < b.value ? -1 : 1));
  return ordered.length === 0 ? [] : [{ first: ordered[0]!, last: ordered.at(-1)! }];
};

/** Whether the prefix has a part of the span only. */
const divides = (prefix: Prefix, { first, last }: Span): boolean => {
  if (prefix.family !== first.family) return false;
  if (prefixContains(prefix, first) || prefixContains(prefix, last))
    return !(prefixContains(prefix, first) && prefixContains(prefix, last));
  return first.value < prefix.address.value && nthAddress(prefix, -1).value < last.value;
};
