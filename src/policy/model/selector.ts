// Label selectors of policies in one canonical form, so that equal selectors are recognised as one.
import type { LabelSelector, LabelSelectorRequirement } from '../../k8s/generated/types.ts';
import { matchesLabels } from '../../k8s/labels.ts';
import type { LabelRequirement, Labels } from '../../k8s/labels.ts';

export type Selector = {
  /** Canonical, in the notation of `kubectl -l`; empty selects everything. Equal texts select alike. */
  readonly text: string;
  readonly requirements: readonly LabelRequirement[];
};

export const EVERYTHING: Selector = { text: '', requirements: [] };

export const selects = (selector: Selector, labels: Labels | undefined): boolean =>
  matchesLabels(selector.requirements, labels);

/** The canonical form; undefined if it has an operator that is unknown here. */
export const selectorOf = ({
  matchLabels = {},
  matchExpressions = [],
}: LabelSelector): Selector | undefined => {
  const requirements = [
    ...Object.entries(matchLabels).map(([key, value]) => isIn(key, [value])),
    ...matchExpressions.map(requirementOf),
  ];
  if (!requirements.every((requirement) => requirement !== undefined)) return undefined;
  const byText = new Map(requirements.map((requirement) => [textOf(requirement), requirement]));
  const texts = [...byText.keys()].sort();
  return { text: texts.join(','), requirements: texts.map((text) => byText.get(text)!) };
};

const isIn = (key: string, values: readonly string[]): LabelRequirement => ({
  key,
  operator: 'in',
  values: ordered(values),
});

const requirementOf = ({
  key,
  operator,
  values = [],
}: LabelSelectorRequirement): LabelRequirement | undefined => {
  switch (operator) {
    case 'In':
      return isIn(key, values);
    case 'NotIn':
      return { key, operator: 'notin', values: ordered(values) };
    case 'Exists':
      return { key, operator: 'exists' };
    case 'DoesNotExist':
      return { key, operator: '!' };
    default:
      return undefined;
  }
};

const ordered = (values: readonly string[]): readonly string[] => [...new Set(values)].sort();

const textOf = (requirement: LabelRequirement): string => {
  const { key, operator } = requirement;
  switch (operator) {
    case 'in':
    case 'notin': {
      const { values } = requirement;
      if (values.length === 1) return `${key}${operator === 'in' ? '=' : '!='}${values[0]}`;
      return `${key} ${operator} (${values.join(',')})`;
    }
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'gt': // these two are not in the objects' form of a selector, only in the text's
    case 'lt':
      return `${key}${operator === 'gt' ? '>' : '<'}${requirement.bound}`;
  }
};
