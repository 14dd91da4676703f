// Rules for where pods want to be.
import { forbidden, invalid, required } from '../../k8s/field-errors.ts';
import type {
  Affinity,
  NodeAffinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from '../../k8s/generated/types.ts';
import { dns1123Label, dns1123Subdomain, labelValue } from '../../k8s/name-rules.ts';
import { type FieldErrors, each, ifSet, when } from './compose.ts';
import { labelSelector, valuesFor } from './labels.ts';
import { qualified } from './texts.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

export const affinity = (value: Affinity | undefined, path: string): FieldErrors =>
  ifSet(value, ({ nodeAffinity, podAffinity, podAntiAffinity }) => [
    ...ifSet(nodeAffinity, (rules) => nodeRules(rules, `${path}.nodeAffinity`)),
    ...ifSet(podAffinity, (rules) => podRules(rules, `${path}.podAffinity`)),
    ...ifSet(podAntiAffinity, (rules) => podRules(rules, `${path}.podAntiAffinity`)),
  ]);

const weight = (value: number, path: string): FieldErrors =>
  when(!(value > 0 && value <= 100), () =>
    invalid(`${path}.weight`, value ?? 0, 'must be in the range 1-100'),
  );

const nodeRules = (rules: NodeAffinity, path: string): FieldErrors => [
  ...ifSet(rules[REQUIRED], ({ nodeSelectorTerms: terms }) =>
    terms?.length
      ? each(terms, `${path}.${REQUIRED}.nodeSelectorTerms`, nodeTerm)
      : [required(`${path}.${REQUIRED}.nodeSelectorTerms`, 'must have at least one node selector term')],
  ),
  ...each(rules[PREFERRED], `${path}.${PREFERRED}`, (term, at) => [
    ...weight(term.weight, at),
    ...nodeTerm(term.preference, `${at}.preference`),
  ]),
];

const nodeTerm = (term: NodeSelectorTerm | undefined, path: string): FieldErrors => [
  ...each(term?.matchExpressions, `${path}.matchExpressions`, nodeRequirement),
  ...each(term?.matchFields, `${path}.matchFields`, nodeField),
];

const nodeRequirement = ({ key, operator, values }: NodeSelectorRequirement, path: string): FieldErrors => [
  ...(operator === 'Gt' || operator === 'Lt'
    ? when(values?.length !== 1, () =>
        required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"),
      )
    : valuesFor(operator, values, path)),
  ...qualified(key ?? '', `${path}.key`),
  ...each(values, `${path}.values`, (value, at) =>
    labelValue(value).map((message) => invalid(at, value, message)),
  ),
];

const nodeField = ({ key, operator, values }: NodeSelectorRequirement, path: string): FieldErrors => [
  ...(operator === 'In' || operator === 'NotIn'
    ? when(values?.length !== 1, () =>
        required(
          `${path}.values`,
          "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
        ),
      )
    : [invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator')]),
  ...(key === 'metadata.name'
    ? each(values, `${path}.values`, (value, at) =>
        dns1123Subdomain(value).map((message) => invalid(at, value, message)),
      )
    : [invalid(`${path}.key`, key ?? '', 'not a valid field selector key')]),
];

const podRules = (rules: PodAffinity, path: string): FieldErrors => [
  ...each(rules[REQUIRED], `${path}.${REQUIRED}`, podTerm),
  ...each(rules[PREFERRED], `${path}.${PREFERRED}`, (term, at) => [
    ...weight(term.weight, at),
    ...podTerm(term.podAffinityTerm ?? {}, `${at}.podAffinityTerm`),
  ]),
];

const podTerm = (term: Partial<PodAffinityTerm>, path: string): FieldErrors => [
  ...labelSelector(term.labelSelector, `${path}.labelSelector`),
  ...labelSelector(term.namespaceSelector, `${path}.namespaceSelector`),
  ...(term.namespaces ?? []).flatMap((name) =>
    dns1123Label(name).map((message) => invalid(`${path}.namespace`, name, message)),
  ),
  ...labelKeys(term.matchLabelKeys, term, `${path}.matchLabelKeys`),
  ...labelKeys(term.mismatchLabelKeys, term, `${path}.mismatchLabelKeys`),
  ...each(term.matchLabelKeys, `${path}.matchLabelKeys`, (key, at) =>
    when(!!term.mismatchLabelKeys?.includes(key), () =>
      invalid(at, key, 'exists in both matchLabelKeys and mismatchLabelKeys'),
    ),
  ),
  ...when(!term.topologyKey, () => required(`${path}.topologyKey`, 'can not be empty')),
  ...qualified(term.topologyKey ?? '', `${path}.topologyKey`),
];

const labelKeys = (
  keys: readonly string[] | undefined,
  { labelSelector: selector }: Partial<PodAffinityTerm>,
  path: string,
): FieldErrors => {
  if (!keys?.length) return [];
  return selector
    ? each(keys, path, qualified)
    : [forbidden(path, 'must not be specified when labelSelector is not set')];
};
