// Rules for labels and their selectors (k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go).
import { forbidden, invalid, required } from '../../k8s/field-errors.ts';
import type { LabelSelector, LabelSelectorRequirement } from '../../k8s/generated/types.ts';
import { labelValue } from '../../k8s/name-rules.ts';
import { type FieldErrors, each, ifSet } from './compose.ts';
import { qualified } from './texts.ts';

/** The labels of objects and templates, the pairs of selectors. */
export const labels = (map: Readonly<Record<string, string>> | undefined, path: string): FieldErrors =>
  Object.entries(map ?? {}).flatMap(([key, value]) => [
    ...qualified(key, path),
    ...labelValue(value).map((message) => invalid(path, value, message)),
  ]);

export const labelSelector = (selector: LabelSelector | undefined, path: string): FieldErrors =>
  ifSet(selector, ({ matchLabels, matchExpressions }) => [
    ...labels(matchLabels, `${path}.matchLabels`),
    ...each(matchExpressions, `${path}.matchExpressions`, requirement),
  ]);

const requirement = ({ key, operator, values }: LabelSelectorRequirement, path: string): FieldErrors => [
  ...valuesFor(operator, values, path),
  ...qualified(key ?? '', `${path}.key`),
  ...each(values, `${path}.values`, (value, at) =>
    labelValue(value).map((message) => invalid(at, value, message)),
  ),
];

/** What the operators say about their values, here and in node selectors. */
export const valuesFor = (
  operator: string,
  values: readonly string[] | undefined,
  path: string,
): FieldErrors => {
  const count = values?.length ?? 0;
  switch (operator) {
    case 'In':
    case 'NotIn':
      return count > 0
        ? []
        : [required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      return count === 0
        ? []
        : [forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    default:
      return [invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator')];
  }
};
