// Which pods a term of pod affinity is about, and where: pure.
// https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity
import type { LabelSelector, PodAffinityTerm } from '../k8s/generated/types.ts';
import { labelSelectorMatches } from '../k8s/labels.ts';
import { ownValue } from '../lang/own-value.ts';

export type Labels = Readonly<Record<string, string>>;

/** The parts of a pod that terms look at. */
export type PodIdentity = { readonly namespace: string; readonly labels: Labels };

/** Undefined: there is no such namespace. */
export type NamespaceLabels = (name: string) => Labels | undefined;

/** Whether `pod` is one of those that `owner` names by its term. */
export const isMeant = (
  term: PodAffinityTerm,
  owner: PodIdentity,
  pod: PodIdentity,
  namespaceLabels: NamespaceLabels,
): boolean =>
  isInNamespaces(term, owner, pod.namespace, namespaceLabels) &&
  labelSelectorMatches(term.labelSelector, pod.labels) &&
  (term.matchLabelKeys ?? []).every((key) => isAlike(key, owner, pod)) &&
  (term.mismatchLabelKeys ?? []).every(
    (key) => ownValue(owner.labels, key) === undefined || !isAlike(key, owner, pod),
  );

/** Keys that the owner itself does not have do not count (KEP-3633). */
const isAlike = (key: string, owner: PodIdentity, pod: PodIdentity): boolean => {
  const value = ownValue(owner.labels, key);
  return value === undefined || ownValue(pod.labels, key) === value;
};

/** Without any namespace: the owner's own. An empty selector is all of them. */
const isInNamespaces = (
  { namespaces = [], namespaceSelector }: PodAffinityTerm,
  owner: PodIdentity,
  namespace: string,
  namespaceLabels: NamespaceLabels,
): boolean => {
  if (namespaces.length === 0 && !namespaceSelector) return namespace === owner.namespace;
  if (namespaces.includes(namespace)) return true;
  return namespaceSelector !== undefined && selectsNamespace(namespaceSelector, namespaceLabels(namespace));
};

const selectsNamespace = (selector: LabelSelector, labels: Labels | undefined): boolean =>
  labels !== undefined && labelSelectorMatches(selector, labels);
