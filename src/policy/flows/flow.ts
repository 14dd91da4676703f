// What a node tells about the connections that it saw: plain data, one JSON object a line between agent and command line.
import { formatAddress } from '../../ip/address.ts';
import type { Decision, Verdict } from '../model/evaluate.ts';
import type { ConnectionProtocol, Party } from '../model/match.ts';
import { policyKeyText } from '../model/rules.ts';
import type { Direction, PolicyKey } from '../model/rules.ts';

/** Connections from one address to one port of another, with the same answer of the same policies. */
export type Flow = {
  readonly kind: 'Flow';
  /** The node that says so: that of the destination, if it is a pod, or the one that dropped them. */
  readonly node: string;
  readonly verdict: 'allowed' | 'denied';
  readonly source: FlowEnd;
  readonly destination: FlowEnd;
  readonly protocol: ConnectionProtocol;
  /** The destination's, after a Service's address became an endpoint's; left out for protocols without ports. */
  readonly port?: number | undefined;
  /** What the source's policies say; left out where they were not asked. */
  readonly egress?: FlowReason | undefined;
  /** The same of the destination's. */
  readonly ingress?: FlowReason | undefined;
  /** The end at which they were dropped. */
  readonly deniedBy?: Direction | undefined;
  /** How many; a packet that is sent again is the same connection. */
  readonly connections: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
};

/** Packets that the node did not look at, since there were too many at once. */
export type FlowLoss = { readonly kind: 'Loss'; readonly node: string; readonly packets: number };

export type FlowLine = Flow | FlowLoss;

export type FlowEnd = {
  readonly address: string;
  /** Of a pod. */
  readonly namespace?: string | undefined;
  readonly pod?: string | undefined;
  /** Of a node: its own address, or a pod in its network. */
  readonly node?: string | undefined;
};

export type FlowReason = {
  /**
   * `rule`: it decides. `isolated`: the policies select the pod, and no rule of theirs matches. `pending`: the pod was new,
   * and its policies were not in the kernel yet. `changed`: the policies as they are now would say otherwise.
   */
  readonly because: 'rule' | 'isolated' | 'no policy' | 'pending' | 'changed';
  /** `NetworkPolicy shop/web`. */
  readonly policies: readonly string[];
  /** Of the first of them: its name, or its place in the list, from 0. */
  readonly rule?: string | number | undefined;
};

export type FlowSight = {
  readonly isAllowed: boolean;
  /** Of a drop, as the kernel says. */
  readonly deniedBy: Direction | undefined;
  /** Of a drop: the pod's class was that of pods without policies in the kernel. */
  readonly isPending: boolean;
};

/** Both ends' answers: of a drop as far as the kernel went. */
export const reasonsOf = (
  { egress, ingress }: Decision,
  { isAllowed, deniedBy, isPending }: FlowSight,
): Pick<Flow, 'egress' | 'ingress' | 'deniedBy'> => {
  if (isAllowed) return { egress: reasonOf(egress, true), ingress: reasonOf(ingress, true) };
  const denial = (verdict: Verdict): FlowReason | undefined =>
    isPending ? { because: 'pending', policies: [] } : reasonOf(verdict, false);
  return deniedBy === 'egress'
    ? { egress: denial(egress), deniedBy }
    : { egress: reasonOf(egress, true), ingress: denial(ingress), deniedBy: 'ingress' };
};

/** Undefined for an end without policies of its own: an address outside. */
const reasonOf = (verdict: Verdict, wasAllowed: boolean): FlowReason | undefined => {
  const { reason } = verdict;
  const policies = policiesOf(verdict).map(policyKeyText);
  if (verdict.isAllowed !== wasAllowed) return { because: 'changed', policies };
  switch (reason.kind) {
    case 'not judged':
      return undefined;
    case 'rule':
      return { because: 'rule', policies, rule: reason.match.rule.name ?? reason.match.rule.index };
    case 'isolated':
    case 'no policy':
      return { because: reason.kind, policies };
  }
};

const policiesOf = ({ reason }: Verdict): readonly PolicyKey[] =>
  reason.kind === 'rule' ? [reason.match.policy] : reason.kind === 'isolated' ? reason.policies : [];

export const endOf = (party: Party, address: Parameters<typeof formatAddress>[0]): FlowEnd => {
  const text = formatAddress(address);
  if (party.kind === 'pod') return { address: text, namespace: party.pod.namespace, pod: party.pod.name };
  return party.kind === 'node' ? { address: text, node: party.node.name } : { address: text };
};
