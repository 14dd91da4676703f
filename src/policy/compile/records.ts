// What the compiler keeps, and what points to what. Only live things are kept: a policy that applies to no pod of this
// node asks for no facts, a fact that nobody asks for is in no fact set, a class without pods has no rows.
//
//   Holder (pod, node) ── Profile (all that look alike) ── PolicyRecord ── Side (a direction) ── SideRule ── Fact
//     │ addresses             │ facts     │ classes                          │                               │
//   Exact ── FactSet ─────────┘        PodClass (the policies of a direction)┘       FactSet (a peer id) ────┘
//                                         └── rows: FactSet -> Table (what is allowed to whom)
import type { Address, Family } from '../../ip/address.ts';
import type { Labels } from '../../k8s/labels.ts';
import type { Action, Direction, Peer, PodSelection, PolicyRules } from '../model/rules.ts';
import type { Selector } from '../model/selector.ts';
import type { NamedPort, Protocol } from '../model/world.ts';
import type { PortLine } from './port-line.ts';

export type Network = Extract<Peer, { readonly kind: 'network' }>;

/** Something that holds of an address or does not, and that a rule asks for. */
export type FactKind =
  | ({ readonly kind: 'pods' } & PodSelection)
  | { readonly kind: 'nodes'; readonly selector: Selector }
  /** Of any of a rule's networks: a list of hundreds is one fact. */
  | { readonly kind: 'networks'; readonly networks: readonly Network[] }
  | { readonly kind: 'domain'; readonly name: string }
  /** The pod calls this port by this name: what a named port of egress asks for. */
  | { readonly kind: 'port'; readonly port: NamedPort };

export type Fact = {
  readonly id: number;
  /** Canonical: equal texts are one fact. */
  readonly text: string;
  readonly hash: number;
  readonly is: FactKind;
  /** Whose rules ask for it. */
  readonly askers: Set<Side>;
  /** The live ones that have it. */
  readonly sets: Set<FactSet>;
};

/** All that holds of an address: with the same facts, the same peer id. */
export type FactSet = {
  /** The ids of its facts. */
  readonly key: string;
  /** By id. */
  readonly facts: readonly Fact[];
  /** The peer id, as nft writes it. */
  readonly peer: string;
  /** How many elements have it. */
  uses: number;
  /** Those that have a row for it. */
  readonly classes: Set<PodClass>;
};

export type NamedMatch = { readonly name: string; readonly protocol: Protocol | undefined };

export type SideRule = {
  readonly action: Action;
  readonly peers: readonly Fact[] | 'any';
  /** Those without a name. */
  readonly ports: PortLine;
  readonly named: readonly NamedMatch[];
};

/** One direction of a policy that applies to a pod of this node. */
export type Side = {
  readonly policy: PolicyRecord;
  /** What it was made from. */
  readonly source: PolicyRules;
  readonly direction: Direction;
  readonly rules: readonly SideRule[];
  readonly facts: ReadonlySet<Fact>;
  /** The port names of its rules; of those for any peer, a second time. */
  readonly names: ReadonlySet<string>;
  readonly namesForAny: ReadonlySet<string>;
};

export type PolicyRecord = {
  readonly text: string;
  /** Undefined: deleted. */
  rules: PolicyRules | undefined;
  /** Those with pods of this node that it selects. */
  readonly profiles: Set<Profile>;
  readonly directions: Readonly<Record<Direction, PolicyDirection>>;
};

export type PolicyDirection = {
  side: Side | undefined;
  readonly classes: Set<PodClass>;
};

/** What is allowed, to whomever has it in a row; numbered like a class. */
export type Table = {
  readonly key: string;
  readonly number: number;
  readonly allowed: PortLine;
  uses: number;
};

/** What policies together say about peers. */
export type Decision = {
  readonly asksFor: (fact: Fact) => boolean;
  /** What is allowed to a peer of which these facts hold; those that are not asked for make no difference. */
  readonly allowedTo: (facts: readonly Fact[]) => PortLine;
};

/** All pods of this node to which the same policies apply in a direction. */
export type PodClass = {
  readonly key: string;
  readonly number: number;
  readonly direction: Direction;
  readonly policies: readonly PolicyRecord[];
  /** Of the pods, where rules of ingress ask for them. */
  readonly namedPorts: readonly NamedPort[];
  readonly profiles: Set<Profile>;
  /** Of its policies as they are now. */
  decision: Decision;
  /** What is allowed to peers without a row. */
  allowed: PortLine;
  readonly rows: Map<FactSet, Table>;
};

/** All pods that no policy can tell apart but by their addresses; likewise nodes. */
export type Profile = {
  readonly key: string;
  /** Undefined for nodes. */
  readonly namespace: string | undefined;
  readonly labels: Labels;
  readonly namedPorts: readonly NamedPort[];
  readonly holders: Set<Holder>;
  /** How many of the holders are pods of this node. */
  locals: number;
  /** By id; without networks and domains, which hold of addresses. */
  facts: readonly Fact[];
  readonly policies: Set<PolicyRecord>;
  readonly classes: Record<Direction, PodClass | undefined>;
};

/** Who has addresses. */
export type Holder = {
  /** `namespace/name` of a pod, the name of a node. */
  readonly key: string;
  /** Undefined for a sandbox of this node whose pod is not known. */
  profile: Profile | undefined;
  addresses: readonly string[];
  /** Of the sandbox on this node. */
  local: readonly string[] | undefined;
};

/** An address that pods or nodes have. */
export type Exact = {
  readonly address: string;
  readonly family: Family;
  /** Once a network was to be found for it. */
  parsed: Address | undefined;
  readonly holders: Set<Holder>;
  /** As of the last flush: whose it is, and what its elements are. */
  profile: Profile | undefined;
  set: FactSet | undefined;
  isLocal: boolean;
};
