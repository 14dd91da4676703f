// Of a connection that is denied: the rule that would allow it if a single thing were otherwise. Each candidate is put to
// the evaluator with that one thing changed, so that whatever is told holds.
import type { Address } from '../../ip/address.ts';
import { prefixContains } from '../../ip/prefix.ts';
import type { Prefix } from '../../ip/prefix.ts';
import { judge, selectsSubject } from './evaluate.ts';
import type { Rulebook } from './evaluate.ts';
import { lackingLabels } from './lacking-labels.ts';
import type { LabelChange } from './lacking-labels.ts';
import { listenerOf, matchesPeer, matchesPort, numbersOf } from './match.ts';
import type { Question } from './match.ts';
import { policyKeyText } from './rules.ts';
import type { Direction, Peer, PolicyKey, PolicyRules, PortMatch, Rule } from './rules.ts';
import type { PolicyPod, Protocol } from './world.ts';

/** The one thing that would have to be otherwise. */
export type Change =
  | { readonly kind: 'port'; readonly from: number; readonly to: number }
  | { readonly kind: 'protocol'; readonly protocol: Protocol }
  | { readonly kind: 'port name'; readonly pod: string; readonly name: string }
  | { readonly kind: 'except'; readonly prefix: Prefix }
  | {
      readonly kind: 'pod label' | 'namespace label' | 'node label';
      readonly of: string;
      readonly label: LabelChange;
    }
  | { readonly kind: 'namespace'; readonly pod: string; readonly namespace: string }
  | { readonly kind: 'network'; readonly cidr: Prefix }
  | { readonly kind: 'direction'; readonly direction: Direction };

export type NearMiss = {
  readonly policy: PolicyKey;
  /** Undefined where the policy's isolation of a direction is the thing. */
  readonly rule: Rule | undefined;
  readonly change: Change;
};

/** From what a client can change by itself to what takes a change of the policy. */
const NEARNESS: readonly Change['kind'][] = [
  'port',
  'protocol',
  'pod label',
  'namespace',
  'port name',
  'except',
  'namespace label',
  'node label',
  'network',
  'direction',
];

/** A question in a world in which one thing is otherwise. */
type Variant = { readonly change: Change; readonly question: Question; readonly rulebook: Rulebook };
type Candidate = Omit<NearMiss, 'change'> & Variant;

/** Undefined if no single change would do. The question must be one that is denied, the rulebook in order. */
export const nearestRule = (question: Question, rulebook: Rulebook): NearMiss | undefined => {
  const policies = rulebook.policies.filter((policy) => selectsSubject(policy, question.subject, rulebook));
  const candidates = policies.flatMap((policy) => [
    ...(policy[question.direction] ?? [])
      .filter(({ action }) => action === 'Accept')
      .flatMap((rule) =>
        variantsFor(policy, rule, question, rulebook).map((variant) => ({
          policy: policy.key,
          rule,
          ...variant,
        })),
      ),
    ...withoutDirection(policy, question, rulebook),
  ]);
  const nearest = candidates
    .toSorted((a, b) => NEARNESS.indexOf(a.change.kind) - NEARNESS.indexOf(b.change.kind))
    .find(holds);
  return nearest && { policy: nearest.policy, rule: nearest.rule, change: nearest.change };
};

/** Whether the change allows the connection, and by that rule: a change may as well make an earlier one match. */
const holds = ({ policy, rule, question, rulebook }: Candidate): boolean => {
  const { isAllowed, reason } = judge(question, rulebook);
  if (!isAllowed || !rule) return isAllowed;
  return (
    reason.kind === 'rule' &&
    reason.match.rule.index === rule.index &&
    policyKeyText(reason.match.policy) === policyKeyText(policy)
  );
};

/** A policy that isolates a direction without any rule for it: often only its policyTypes were meant otherwise. */
const withoutDirection = (policy: PolicyRules, question: Question, rulebook: Rulebook): Candidate[] => {
  const { direction } = question;
  if (policy.tier !== 'NetworkPolicy' || policy[direction]?.length !== 0) return [];
  return [
    {
      policy: policy.key,
      rule: undefined,
      change: { kind: 'direction', direction },
      question,
      rulebook: replacePolicy(rulebook, policy, { ...policy, [direction]: undefined }),
    },
  ];
};

/** The worlds in which one thing is otherwise, and a peer and a port of the rule match. */
const variantsFor = (policy: PolicyRules, rule: Rule, question: Question, rulebook: Rulebook): Variant[] => {
  const peers = rule.peers === 'any' ? (['any'] as const) : rule.peers;
  const ports = rule.ports === 'any' ? (['any'] as const) : rule.ports;
  return peers.flatMap((peer) =>
    ports.flatMap((port) => {
      const hasPeer = peer === 'any' || matchesPeer(peer, question, rulebook);
      const hasPort = port === 'any' || matchesPort(port, peer, question);
      if (hasPeer && port !== 'any') return portVariants(port, question, rulebook);
      if (peer === 'any' || !hasPort) return [];
      return peer.kind === 'network'
        ? networkVariants(peer, { policy, rule, question, rulebook })
        : labelVariants(peer, question, rulebook);
    }),
  );
};

const portVariants = (port: PortMatch, question: Question, rulebook: Rulebook): Variant[] => {
  const changes = port.kind === 'named' ? namedPortChanges(port, question) : numberChanges(port, question);
  return changes.map((change) => ({ change, question: withPort(question, change), rulebook }));
};

type PortChange = Extract<Change, { kind: 'port' | 'protocol' | 'port name' }>;

const numberChanges = (port: Exclude<PortMatch, { kind: 'named' }>, question: Question): PortChange[] => {
  if (port.protocol !== question.protocol) return [{ kind: 'protocol', protocol: port.protocol }];
  return port.kind === 'port' ? [{ kind: 'port', from: port.from, to: port.to }] : [];
};

const namedPortChanges = (port: Extract<PortMatch, { kind: 'named' }>, question: Question): PortChange[] => {
  const numbers = numbersOf(port, question);
  if (numbers.length > 0) return numbers.map((number) => ({ kind: 'port', from: number, to: number }));
  const listener = listenerOf(question);
  const others = (listener?.namedPorts ?? []).filter(({ name }) => name === port.name);
  if (others.length > 0) return others.map(({ protocol }) => ({ kind: 'protocol', protocol }));
  return listener ? [{ kind: 'port name', pod: podName(listener), name: port.name }] : [];
};

/** The nearest port of the range, or the other protocol with the same port, or the port with a name. */
const withPort = (question: Question, change: PortChange): Question => {
  const { port } = question;
  switch (change.kind) {
    case 'port':
      return { ...question, port: Math.min(Math.max(port ?? 0, change.from), change.to) };
    case 'protocol':
      return { ...question, protocol: change.protocol };
    case 'port name': {
      const { protocol } = question;
      if (port === undefined || protocol === 'ICMP' || protocol === 'other') return question;
      const named = { name: change.name, protocol, port };
      const add = (pod: PolicyPod): PolicyPod => ({ ...pod, namedPorts: [...pod.namedPorts, named] });
      if (question.direction === 'ingress') return { ...question, subject: add(question.subject) };
      return question.peer.kind === 'pod'
        ? { ...question, peer: { kind: 'pod', pod: add(question.peer.pod) } }
        : question;
    }
  }
};

type NetworkPeer = Extract<Peer, { kind: 'network' }>;
type Place = Omit<Variant, 'change'> & { readonly policy: PolicyRules; readonly rule: Rule };

const networkVariants = (peer: NetworkPeer, { policy, rule, question, rulebook }: Place): Variant[] => {
  const { peerAddress } = question;
  if (!prefixContains(peer.cidr, peerAddress)) return outsideVariants(peer, question, rulebook);
  const [prefix, ...more] = peer.except.filter((candidate) => prefixContains(candidate, peerAddress));
  if (!prefix || more.length > 0) return [];
  const except = peer.except.filter((candidate) => candidate !== prefix);
  const peers = rule.peers === 'any' ? [] : rule.peers;
  const changed = { ...rule, peers: peers.map((each) => (each === peer ? { ...peer, except } : each)) };
  const rules = (policy[question.direction] ?? []).map((each) => (each === rule ? changed : each));
  const otherPolicy = { ...policy, [question.direction]: rules };
  return [
    { change: { kind: 'except', prefix }, question, rulebook: replacePolicy(rulebook, policy, otherPolicy) },
  ];
};

/** Addresses outside of the cluster may be others; those of pods and nodes are what they are. */
const outsideVariants = ({ cidr }: NetworkPeer, question: Question, rulebook: Rulebook): Variant[] => {
  if (question.peer.kind !== 'outside' || cidr.family !== question.peerAddress.family) return [];
  const peerAddress: Address = cidr.address;
  return [{ change: { kind: 'network', cidr }, question: { ...question, peerAddress }, rulebook }];
};

const labelVariants = (
  peer: Exclude<Peer, NetworkPeer>,
  question: Question,
  rulebook: Rulebook,
): Variant[] => {
  const party = question.peer;
  if (peer.kind === 'nodes' && party.kind === 'node') {
    const { node } = party;
    return lackingLabels(peer.selector, node.labels).map(({ label, labels }) => ({
      change: { kind: 'node label', of: node.name, label },
      question: { ...question, peer: { kind: 'node', node: { ...node, labels } } },
      rulebook,
    }));
  }
  return peer.kind === 'pods' && party.kind === 'pod' ? podVariants(peer, party.pod, question, rulebook) : [];
};

const podVariants = (
  { namespaces, pods }: Extract<Peer, { kind: 'pods' }>,
  pod: PolicyPod,
  question: Question,
  rulebook: Rulebook,
): Variant[] => {
  const asPod = (change: Change, other: PolicyPod): Variant => ({
    change,
    question: { ...question, peer: { kind: 'pod', pod: other } },
    rulebook,
  });
  const variants = lackingLabels(pods, pod.labels).map(({ label, labels }) =>
    asPod({ kind: 'pod label', of: podName(pod), label }, { ...pod, labels }),
  );
  const moved = (namespace: string): Variant =>
    asPod({ kind: 'namespace', pod: podName(pod), namespace }, { ...pod, namespace });
  if (namespaces.kind === 'name') return [...variants, moved(namespaces.name)];
  const ofNamespace = lackingLabels(namespaces.selector, rulebook.namespaces.get(pod.namespace) ?? {});
  return [
    ...variants,
    ...ofNamespace.map(({ label, labels }): Variant => {
      if (label.key === NAMESPACE_NAME && label.values[0] !== undefined) return moved(label.values[0]);
      const change: Change = { kind: 'namespace label', of: pod.namespace, label };
      const other = new Map([...rulebook.namespaces, [pod.namespace, labels]]);
      return { change, question, rulebook: { ...rulebook, namespaces: other } };
    }),
  ];
};

/** The label that a namespace has from the API server, and that nobody can change. */
const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

const podName = ({ namespace, name }: PolicyPod): string => `${namespace}/${name}`;

const replacePolicy = (rulebook: Rulebook, old: PolicyRules, other: PolicyRules): Rulebook => ({
  ...rulebook,
  policies: rulebook.policies.map((policy) => (policy === old ? other : policy)),
});
