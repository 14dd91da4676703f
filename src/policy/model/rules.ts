// The normal form of a policy of either kind: what it selects, and what its rules allow, deny or pass. Whatever an
// object leaves out is filled in, whatever cannot be understood is closed: nothing after this asks for a policy's kind.
import { formatPrefix } from '../../ip/prefix.ts';
import type { Prefix } from '../../ip/prefix.ts';
import type { Labels } from '../../k8s/labels.ts';
import { selects } from './selector.ts';
import type { Selector } from './selector.ts';
import type { PolicyNode, PolicyPod, Protocol } from './world.ts';

/** In the order in which they are asked. */
export type Tier = 'Admin' | 'NetworkPolicy' | 'Baseline';

/** Pass leaves the decision to the tiers that follow. */
export type Action = 'Accept' | 'Deny' | 'Pass';

export type Direction = 'ingress' | 'egress';

export type NamespaceSelection =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'labels'; readonly selector: Selector };

export type PodSelection = { readonly namespaces: NamespaceSelection; readonly pods: Selector };

export type Peer =
  | ({ readonly kind: 'pods' } & PodSelection)
  | { readonly kind: 'network'; readonly cidr: Prefix; readonly except: readonly Prefix[] }
  | { readonly kind: 'nodes'; readonly selector: Selector }
  /** Names in lower case without the final dot; `*.` in front stands for one or more whole labels. */
  | { readonly kind: 'domains'; readonly names: readonly string[] };

export type PortMatch =
  /** Inclusive, 1..65535. */
  | { readonly kind: 'port'; readonly protocol: Protocol; readonly from: number; readonly to: number }
  /** Every port of the protocol. */
  | { readonly kind: 'protocol'; readonly protocol: Protocol }
  /** What the pod that is connected to calls by this name; without a protocol whichever it gives the name to. */
  | { readonly kind: 'named'; readonly name: string; readonly protocol: Protocol | undefined };

export type Rule = {
  /** Its place in the policy's list, from 0. */
  readonly index: number;
  readonly name?: string | undefined;
  readonly action: Action;
  /** An empty list matches nobody. */
  readonly peers: readonly Peer[] | 'any';
  /** An empty list matches no connection; `any` also ICMP and every other protocol. */
  readonly ports: readonly PortMatch[] | 'any';
};

export type PolicyKind = 'NetworkPolicy' | 'ClusterNetworkPolicy';

export type PolicyKey = {
  readonly kind: PolicyKind;
  /** Undefined for a cluster-wide policy. */
  readonly namespace?: string | undefined;
  readonly name: string;
};

export type PolicyRules = {
  readonly key: PolicyKey;
  readonly tier: Tier;
  /** Lower is asked first, and of equals the lesser name; 0 in the tier NetworkPolicy, where order does not matter. */
  readonly priority: number;
  readonly subject: PodSelection;
  /** Undefined: the policy does not concern what comes in. In the tier NetworkPolicy every list isolates. */
  readonly ingress?: readonly Rule[] | undefined;
  readonly egress?: readonly Rule[] | undefined;
  /** What could not be understood and is closed therefore, as `spec.ingress[0].from[1]: ...`. */
  readonly problems: readonly string[];
};

/** `NetworkPolicy shop/web`. Unique. */
export const policyKeyText = ({ kind, namespace, name }: PolicyKey): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

/** Whether the selection has the pod; `namespaceLabels` are those of the pod's namespace. */
export const selectsPod = (
  { namespaces, pods }: PodSelection,
  pod: Pick<PolicyPod, 'namespace' | 'labels'>,
  namespaceLabels: Labels | undefined,
): boolean => selectsNamespace(namespaces, pod.namespace, namespaceLabels) && selects(pods, pod.labels);

export const selectsNamespace = (
  selection: NamespaceSelection,
  name: string,
  labels: Labels | undefined,
): boolean => (selection.kind === 'name' ? selection.name === name : selects(selection.selector, labels));

export const selectsNode = (selector: Selector, { labels }: PolicyNode): boolean => selects(selector, labels);

/** Canonical and for people: `pods app=web in namespace shop`. Equal texts select alike. */
export const selectionText = ({ namespaces, pods }: PodSelection): string => {
  const which = pods.text === '' ? 'all pods' : `pods ${pods.text}`;
  if (namespaces.kind === 'name') return `${which} in namespace ${namespaces.name}`;
  return namespaces.selector.text === ''
    ? `${which} in all namespaces`
    : `${which} in namespaces ${namespaces.selector.text}`;
};

/** Canonical and for people. Equal texts match alike. */
export const peerText = (peer: Peer): string => {
  switch (peer.kind) {
    case 'pods':
      return selectionText(peer);
    case 'network':
      return [formatPrefix(peer.cidr), ...exceptTexts(peer.except)].join(' ');
    case 'nodes':
      return peer.selector.text === '' ? 'all nodes' : `nodes ${peer.selector.text}`;
    case 'domains':
      return `domains ${[...new Set(peer.names)].sort().join(',')}`;
  }
};

const exceptTexts = (except: readonly Prefix[]): readonly string[] =>
  except.length === 0 ? [] : ['except', [...new Set(except.map(formatPrefix))].sort().join(',')];

/** Canonical and for people: `TCP 8080-8090`, `UDP`, `TCP http`. */
export const portText = (port: PortMatch): string => {
  switch (port.kind) {
    case 'port':
      return `${port.protocol} ${port.from === port.to ? port.from : `${port.from}-${port.to}`}`;
    case 'protocol':
      return port.protocol;
    case 'named':
      return port.protocol === undefined ? port.name : `${port.protocol} ${port.name}`;
  }
};
