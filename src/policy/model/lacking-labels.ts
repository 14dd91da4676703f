// What labels lack to be selected, if it is one label only.
import type { LabelRequirement, Labels } from '../../k8s/labels.ts';
import { matchesLabels } from '../../k8s/labels.ts';
import type { Selector } from './selector.ts';

/** The label that would have to be there with one of the values, with any if there are none, or not be there. */
export type LabelChange = {
  readonly key: string;
  readonly values: readonly string[];
  readonly isAbsent: boolean;
};

/** The change of one label, and the labels with it, so that they are selected; none if it takes more, or nothing. */
export const lackingLabels = (
  { requirements }: Selector,
  labels: Labels,
): readonly { readonly label: LabelChange; readonly labels: Labels }[] => {
  const unmet = requirements.filter((requirement) => !matchesLabels([requirement], labels));
  if (unmet.length !== 1) return [];
  const label = changeFor(unmet[0]!);
  const { [label.key]: _, ...others } = labels;
  const changed = label.isAbsent ? others : { ...others, [label.key]: label.values[0] ?? '' };
  return matchesLabels(requirements, changed) ? [{ label, labels: changed }] : [];
};

const changeFor = (requirement: LabelRequirement): LabelChange => {
  const { key, operator } = requirement;
  const values = operator === 'in' ? requirement.values : [];
  return { key, values, isAbsent: operator === 'notin' || operator === '!' };
};
