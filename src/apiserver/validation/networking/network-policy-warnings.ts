// What is said about a NetworkPolicy that is taken: prefixes in an unusual notation (kubernetes
// pkg/registry/networking/networkpolicy/strategy.go) and, which is podnet's own, a selector that selects nothing.
import type { NetworkPolicy, NetworkPolicyPeer, Pod } from '../../../k8s/generated/types.ts';
import { labelSelectorMatches, labelSelectorText } from '../../../k8s/labels.ts';
import { isPodFinished } from '../../../k8s/pod-state.ts';
import { pods } from '../../../k8s/resources.ts';
import type { AdmissionContext } from '../../kind.ts';
import { prefixWarnings } from '../address-warnings.ts';

export const networkPolicyWarnings = (
  policy: NetworkPolicy,
  _before: unknown,
  context: Pick<AdmissionContext, 'listIn'>,
): readonly string[] => [
  ...rulesOf(policy).flatMap(({ path, peers }) => peers.flatMap((peer, i) => ofPeer(peer, `${path}[${i}]`))),
  ...selectionWarnings(policy, context),
];

type PeersAt = { readonly path: string; readonly peers: readonly NetworkPolicyPeer[] };

const rulesOf = ({ spec }: NetworkPolicy): readonly PeersAt[] => [
  ...(spec?.ingress ?? []).map(({ from = [] }, i) => ({ path: `spec.ingress[${i}].from`, peers: from })),
  ...(spec?.egress ?? []).map(({ to = [] }, i) => ({ path: `spec.egress[${i}].to`, peers: to })),
];

const ofPeer = ({ ipBlock }: NetworkPolicyPeer, path: string): readonly string[] =>
  ipBlock
    ? [
        ...prefixWarnings(`${path}.ipBlock.cidr`, ipBlock.cidr),
        ...(ipBlock.except ?? []).flatMap((text, i) => prefixWarnings(`${path}.ipBlock.except[${i}]`, text)),
      ]
    : [];

/** An empty selector is for all pods that will ever come: nothing in it can be misspelled, so it is not looked at. */
const selectionWarnings = (
  { metadata, spec }: NetworkPolicy,
  { listIn }: Pick<AdmissionContext, 'listIn'>,
): readonly string[] => {
  const text = labelSelectorText(spec?.podSelector);
  const namespace = metadata?.namespace ?? '';
  const isSelected = (pod: Pod): boolean =>
    labelSelectorMatches(spec?.podSelector, pod.metadata?.labels) && canBeIsolated(pod);
  return text === '' || listIn<Pod>(pods, namespace).some(isSelected)
    ? []
    : [`spec.podSelector: no pod in the namespace "${namespace}" is selected by "${text}" now`];
};

/** No policy applies to a pod that has no network of its own, or no longer. */
const canBeIsolated = (pod: Pod): boolean => !pod.spec?.hostNetwork && !isPodFinished(pod);
