// Node selectors and node affinity: which nodes a pod asks for.
// https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
import { meetsExpression } from './labels.ts';
import { ownValue } from '../lang/own-value.ts';
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Pod } from './generated/types.ts';

type NodeNames = { readonly name: string; readonly labels: Readonly<Record<string, string>> };

/** Whether the node meets the pod's nodeSelector and its required node affinity. */
export const matchesNode = ({ spec }: Pick<Pod, 'spec'>, node: NodeNames): boolean => {
  const pairs = Object.entries(spec?.nodeSelector ?? {});
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return pairs.every(([key, value]) => node.labels[key] === value) && matchesSelector(required, node);
};

/** The sum of the weights of the preferred terms that the node meets. */
export const preferenceOf = ({ spec }: Pick<Pod, 'spec'>, node: NodeNames): number =>
  (spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
    .filter(({ preference }) => matchesTerm(preference, node))
    .reduce((sum, { weight }) => sum + weight, 0);

/** Terms are alternatives; a selector without terms matches nothing. */
const matchesSelector = (selector: NodeSelector | undefined, node: NodeNames): boolean =>
  !selector || selector.nodeSelectorTerms.some((term) => matchesTerm(term, node));

/** A term without any requirement matches nothing. */
const matchesTerm = (
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  node: NodeNames,
): boolean =>
  matchExpressions.length + matchFields.length > 0 &&
  matchExpressions.every((requirement) => meets(requirement, ownValue(node.labels, requirement.key))) &&
  matchFields.every((requirement) => requirement.key === 'metadata.name' && meets(requirement, node.name));

const meets = (requirement: NodeSelectorRequirement, value: string | undefined): boolean => {
  const bound = requirement.values?.[0];
  switch (requirement.operator) {
    case 'Gt':
      return isInteger(value) && isInteger(bound) && BigInt(value) > BigInt(bound);
    case 'Lt':
      return isInteger(value) && isInteger(bound) && BigInt(value) < BigInt(bound);
    default:
      return meetsExpression(requirement, value);
  }
};

const isInteger = (text: string | undefined): text is string =>
  text !== undefined && /^-?\d{1,19}$/.test(text);
