// Rules for the pod template of a workload and the selector that has to fit it.
import { forbidden, invalid, notSupported, required } from '../../../k8s/field-errors.ts';
import type { LabelSelector, PodTemplateSpec } from '../../../k8s/generated/types.ts';
import { labelSelectorMatches } from '../../../k8s/labels.ts';
import { equalJson } from '../../../lang/json.ts';
import { type FieldErrors, ifSet, when } from '../compose.ts';
import { labelSelector } from '../labels.ts';
import { podTemplate } from '../pod.ts';
import { FIELD_IMMUTABLE } from '../scalars.ts';

type Selecting = {
  readonly spec?:
    | { readonly selector?: LabelSelector | undefined; readonly template?: PodTemplateSpec | undefined }
    | undefined;
};

/** `workload`: what the message about an empty selector calls it. */
export const selectorAndLabels = (
  { selector, template }: NonNullable<Selecting['spec']>,
  workload: string,
): FieldErrors => {
  const wrong = labelSelector(selector, 'spec.selector');
  return [
    ...(selector ? wrong : [required('spec.selector')]),
    ...when(!!selector && isEmpty(selector), () =>
      invalid('spec.selector', selector, `empty selector is invalid for ${workload}`),
    ),
    ...when(wrong.length === 0 && !!selector && !isSelected(template, selector), () =>
      invalid(
        'spec.template.metadata.labels',
        template?.metadata?.labels ?? null,
        '`selector` does not match template `labels`',
      ),
    ),
  ];
};

const isEmpty = ({ matchLabels, matchExpressions }: LabelSelector): boolean =>
  Object.keys(matchLabels ?? {}).length === 0 && !matchExpressions?.length;

const isSelected = (template: PodTemplateSpec | undefined, selector: LabelSelector): boolean =>
  isEmpty(selector) || labelSelectorMatches(selector, template?.metadata?.labels);

/** Pods that are kept running cannot end by themselves. `kind`: what the message calls their owner. */
export const endlessTemplate = (template: PodTemplateSpec | undefined, kind: string): FieldErrors =>
  ifSet(template, (value) => [
    ...podTemplate(value, 'spec.template'),
    ...when(value.spec?.restartPolicy !== 'Always', () =>
      notSupported('spec.template.spec.restartPolicy', value.spec?.restartPolicy ?? '', ['Always']),
    ),
    ...when(value.spec?.activeDeadlineSeconds !== undefined, () =>
      forbidden(
        'spec.template.spec.activeDeadlineSeconds',
        `activeDeadlineSeconds in ${kind} is not Supported`,
      ),
    ),
  ]);

/** A changed selector would orphan every pod. */
export const validateSelectorUpdate = ({ spec }: Selecting, { spec: before }: Selecting): FieldErrors =>
  when(!equalJson(spec?.selector, before?.selector), () =>
    invalid('spec.selector', spec?.selector ?? null, FIELD_IMMUTABLE),
  );
