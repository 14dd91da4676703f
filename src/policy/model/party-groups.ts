// Who can be connected with whom, as few as the policies in question tell apart: pods of a workload, nodes, the outside.
import { FAMILIES, familyOf, parseAddress } from '../../ip/address.ts';
import type { Address } from '../../ip/address.ts';
import { matchesPeer } from './match.ts';
import type { Party } from './match.ts';
import { outsidePlaces, peersOf } from './outside.ts';
import { peerText } from './rules.ts';
import type { Peer, PolicyRules } from './rules.ts';
import type { PolicyPod, World } from './world.ts';

/** Pods that belong together for people: those of one Deployment, say. */
export type Workload = { readonly name: string; readonly pods: readonly PolicyPod[] };

/** Parties that are alike to all policies, and one of them that stands for all. */
export type PartyGroup = {
  readonly name: string;
  readonly party: Party;
  readonly addresses: readonly Address[];
  readonly size: number;
};

/** Every party of a workload of the world or outside of it; `policies` are all that are to tell them apart. */
export const partyGroups = (
  world: World,
  policies: readonly PolicyRules[],
  workloads: readonly Workload[],
): readonly PartyGroup[] => {
  const looksOf = likeness(world, policies);
  return [
    ...workloads.flatMap((workload) => podGroups(workload, looksOf)),
    ...nodeGroups(world, looksOf, policies),
    ...outsideGroups(world, policies),
  ];
};

type Likeness = (party: Party, addresses: readonly Address[]) => string;

/** A text that is the same for parties which no policy tells apart. */
const likeness = (world: World, policies: readonly PolicyRules[]): Likeness => {
  const subjects = policies.map(({ subject }): Peer => ({ kind: 'pods', ...subject }));
  const peers = [
    ...new Map([...subjects, ...peersOf(policies)].map((peer) => [peerText(peer), peer])).values(),
  ];
  const isByAddress = ({ kind }: Peer): boolean => kind === 'network' || kind === 'domains';
  const [byAddress, byLabels] = [peers.filter(isByAddress), peers.filter((peer) => !isByAddress(peer))];
  const looks = (some: readonly Peer[], peer: Party, peerAddress: Address): string =>
    some.map((each) => (matchesPeer(each, { peer, peerAddress }, world) ? '1' : '0')).join('');
  const known = new Map<string, string>(); // pods of a workload have the same labels
  return (party, addresses) => {
    const key = labelsKey(party);
    const ofLabels = known.get(key) ?? looks(byLabels, party, addresses[0]!);
    known.set(key, ofLabels);
    const ofAddresses = addresses.map((address) => [address.family, looks(byAddress, party, address)]);
    return JSON.stringify([ofLabels, ofAddresses, party.kind === 'pod' ? party.pod.namedPorts : []]);
  };
};

const labelsKey = (party: Party): string => {
  if (party.kind === 'outside') return '';
  const { labels } = party.kind === 'pod' ? party.pod : party.node;
  return JSON.stringify([
    party.kind === 'pod' ? party.pod.namespace : null,
    Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .sort(),
  ]);
};

const podGroups = ({ name, pods }: Workload, looksOf: Likeness): readonly PartyGroup[] => {
  const connected = pods.filter(({ addresses }) => addresses.length > 0);
  const alike = Map.groupBy(connected, (pod) => looksOf({ kind: 'pod', pod }, parsed(pod.addresses)));
  return [...alike.values()].map((some) => ({
    name: alike.size === 1 ? name : `${name} (${some.map((pod) => pod.name).join(', ')})`,
    party: { kind: 'pod', pod: some[0]! },
    addresses: parsed(some[0]!.addresses),
    size: some.length,
  }));
};

/** Nodes count where a policy means them; otherwise they are no different from the outside. */
const nodeGroups = (
  world: World,
  looksOf: Likeness,
  policies: readonly PolicyRules[],
): readonly PartyGroup[] => {
  const peers = peersOf(policies).filter((peer) => peer.kind !== 'network' || peer.cidr.length > 0);
  const meant = [...world.nodes.values()].filter((node) =>
    parsed(node.addresses).some((peerAddress) =>
      peers.some((peer) => matchesPeer(peer, { peer: { kind: 'node', node }, peerAddress }, world)),
    ),
  );
  const alike = Map.groupBy(meant, (node) => looksOf({ kind: 'node', node }, parsed(node.addresses)));
  return [...alike.values()].map((some) => ({
    name: `${some.length === 1 ? 'node' : 'nodes'} ${some.map(({ name }) => name).join(', ')}`,
    party: { kind: 'node', node: some[0]! },
    addresses: parsed(some[0]!.addresses),
    size: some.length,
  }));
};

/** Of the families that pods have. */
const outsideGroups = (world: World, policies: readonly PolicyRules[]): readonly PartyGroup[] => {
  const ofPods = [...world.pods.values()].flatMap(({ addresses }) => addresses.map(familyOf));
  const families = FAMILIES.filter((family) => ofPods.includes(family));
  const names = peersOf(policies).flatMap((peer) => (peer.kind === 'domains' ? peer.names : []));
  const domains = [...new Set(names)].map((name) => ({
    name,
    addresses: oneOfEachFamily(parsed([...(world.domains.get(name) ?? [])])),
  }));
  return [...domains, ...outsidePlaces(policies, families)].map((place) => ({
    ...place,
    party: { kind: 'outside' },
    size: 1,
  }));
};

const oneOfEachFamily = (addresses: readonly Address[]): readonly Address[] =>
  FAMILIES.flatMap((family) => addresses.find((address) => address.family === family) ?? []);

const parsed = (texts: readonly string[]): readonly Address[] =>
  texts.flatMap((text) => parseAddress(text) ?? []);
