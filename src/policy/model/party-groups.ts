// Who can be connected with whom, as few as the policies in question tell apart: pods of a workload, nodes, the outside.
import { FAMILIES, familyOf, parseAddress } from '../../ip/address.ts';
import type { Address } from '../../ip/address.ts';
import { groupAlike } from './alike.ts';
import type { Member } from './alike.ts';
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
  const subjects = policies.map(({ subject }): Peer => ({ kind: 'pods', ...subject }));
  const peers = [
    ...new Map([...subjects, ...peersOf(policies)].map((peer) => [peerText(peer), peer])).values(),
  ];
  return [
    ...workloads.flatMap((workload) => podGroups(workload, peers, world)),
    ...nodeGroups(peers, world),
    ...outsideGroups(world, policies),
  ];
};

const podGroups = ({ name, pods }: Workload, peers: readonly Peer[], world: World): readonly PartyGroup[] => {
  const members = pods
    .filter(({ addresses }) => addresses.length > 0)
    .map((pod) => ({
      name: pod.name,
      party: { kind: 'pod', pod } as const,
      addresses: parsed(pod.addresses),
    }));
  const groups = groupAlike(members, peers, world);
  return groups.map((some) => groupOf(some, groups.length === 1 ? name : `${name} (${namesOf(some)})`));
};

/** Nodes count where a policy means them; otherwise they are no different from the outside. */
const nodeGroups = (peers: readonly Peer[], world: World): readonly PartyGroup[] => {
  const meaning = peers.filter((peer) => peer.kind !== 'network' || peer.cidr.length > 0);
  const members = [...world.nodes.values()]
    .map((node) => ({
      name: node.name,
      party: { kind: 'node', node } as const,
      addresses: parsed(node.addresses),
    }))
    .filter(({ party, addresses }) =>
      addresses.some((peerAddress) =>
        meaning.some((peer) => matchesPeer(peer, { peer: party, peerAddress }, world)),
      ),
    );
  return groupAlike(members, peers, world).map((some) =>
    groupOf(some, `${some.length === 1 ? 'node' : 'nodes'} ${namesOf(some)}`),
  );
};

type Named = Member & { readonly name: string };

const groupOf = (members: readonly Named[], name: string): PartyGroup => {
  const { party, addresses } = members[0]!;
  return { name, party, addresses, size: members.length };
};

const namesOf = (members: readonly Named[]): string => members.map(({ name }) => name).join(', ');

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
