// Whether a clause of a rule matches a connection.
import { formatAddress } from '../../ip/address.ts';
import type { Address } from '../../ip/address.ts';
import { prefixContains } from '../../ip/prefix.ts';
import type { Labels } from '../../k8s/labels.ts';
import { selectsNode, selectsPod } from './rules.ts';
import type { Direction, Peer, PortMatch, Rule } from './rules.ts';
import type { PolicyNode, PolicyPod, Protocol } from './world.ts';

/** Whose address one end of a connection has. */
export type Party =
  | { readonly kind: 'pod'; readonly pod: PolicyPod }
  | { readonly kind: 'node'; readonly node: PolicyNode }
  | { readonly kind: 'outside' };

/** ICMP stands for that of both families, `other` for every protocol that no policy can name. */
export type ConnectionProtocol = Protocol | 'ICMP' | 'other';

/** What a rule of one direction is asked about. */
export type Question = {
  readonly direction: Direction;
  /** Of the pod whose direction it is: the source of egress, the destination of ingress. */
  readonly subject: PolicyPod;
  /** The other end. */
  readonly peer: Party;
  readonly peerAddress: Address;
  readonly protocol: ConnectionProtocol;
  /** The destination's; undefined for a protocol without ports. */
  readonly port: number | undefined;
};

/** What the answers depend on besides the parties. */
export type Facts = {
  readonly namespaces: ReadonlyMap<string, Labels>;
  readonly domains: ReadonlyMap<string, ReadonlySet<string>>;
};

/** The clauses of a rule by which it matches. */
export type Clauses = { readonly peer: Peer | 'any'; readonly port: PortMatch | 'any' };

/** The first peer and port of the rule that match together; undefined if none do. */
export const matchRule = ({ peers, ports }: Rule, question: Question, facts: Facts): Clauses | undefined => {
  for (const peer of peers === 'any' ? (['any'] as const) : peers) {
    if (peer !== 'any' && !matchesPeer(peer, question, facts)) continue;
    if (ports === 'any') return { peer, port: 'any' };
    const port = ports.find((candidate) => matchesPort(candidate, peer, question));
    if (port) return { peer, port };
  }
  return undefined;
};

export const matchesPeer = (
  peer: Peer,
  { peer: party, peerAddress }: Pick<Question, 'peer' | 'peerAddress'>,
  facts: Facts,
): boolean => {
  switch (peer.kind) {
    case 'pods':
      return party.kind === 'pod' && selectsPod(peer, party.pod, facts.namespaces.get(party.pod.namespace));
    case 'network': // whoever has the address, a pod as well
      return (
        prefixContains(peer.cidr, peerAddress) &&
        !peer.except.some((prefix) => prefixContains(prefix, peerAddress))
      );
    case 'nodes':
      return party.kind === 'node' && selectsNode(peer.selector, party.node);
    case 'domains':
      return peer.names.some((name) => facts.domains.get(name)?.has(formatAddress(peerAddress)));
  }
};

/**
 * A name is a port of the pod that is connected to: the subject of ingress, the peer of egress. The latter has names
 * only for clauses that mean pods: for an address out of a network or of a domain a name stands for nothing.
 */
export const matchesPort = (port: PortMatch, peer: Peer | 'any', question: Question): boolean => {
  if (port.kind !== 'named')
    return port.protocol === question.protocol && (port.kind === 'protocol' || isWithin(port, question.port));
  const meansPods = question.direction === 'ingress' || peer === 'any' || peer.kind === 'pods';
  return meansPods && numbersOf(port, question).some((number) => number === question.port);
};

/** What the pod that is connected to calls by the name, in the protocol of the connection. */
export const numbersOf = (
  { name, protocol }: Extract<PortMatch, { kind: 'named' }>,
  question: Question,
): readonly number[] =>
  (listenerOf(question)?.namedPorts ?? [])
    .filter((named) => named.name === name && named.protocol === question.protocol)
    .filter((named) => protocol === undefined || protocol === named.protocol)
    .map(({ port }) => port);

/** The pod that is connected to. */
export const listenerOf = ({ direction, subject, peer }: Question): PolicyPod | undefined => {
  if (direction === 'ingress') return subject;
  return peer.kind === 'pod' ? peer.pod : undefined;
};

const isWithin = ({ from, to }: { from: number; to: number }, port: number | undefined): boolean =>
  port !== undefined && from <= port && port <= to;
