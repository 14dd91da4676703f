// Rules for Deployments and ReplicaSets (kubernetes pkg/apis/apps/validation/validation.go).
import { isDeepStrictEqual } from 'node:util';
import { forbidden, invalid, notSupported, required } from '../../k8s/field-errors.ts';
import type {
  Deployment,
  DeploymentSpec,
  DeploymentStrategy,
  IntOrString,
  LabelSelector,
  PodTemplateSpec,
  ReplicaSet,
  RollingUpdateDeployment,
} from '../../k8s/generated/types.ts';
import { labelSelectorMatches } from '../../k8s/labels.ts';
import { type FieldErrors, ifSet, when } from './compose.ts';
import { labelSelector } from './labels.ts';
import { podTemplate } from './pod.ts';
import { FIELD_IMMUTABLE, notNegative } from './scalars.ts';

export const validateReplicaSet = ({ spec }: ReplicaSet): FieldErrors =>
  ifSet(spec, (value) => [
    ...notNegative(value.replicas, 'spec.replicas'),
    ...notNegative(value.minReadySeconds, 'spec.minReadySeconds'),
    ...selectedTemplate(value.selector, value.template),
  ]);

export const validateDeployment = ({ spec }: Deployment): FieldErrors =>
  ifSet(spec, (value) => [
    ...notNegative(value.replicas, 'spec.replicas'),
    ...selectedTemplate(value.selector, value.template),
    ...ifSet(value.strategy, (strategy) => rolloutStrategy(strategy, 'spec.strategy')),
    ...notNegative(value.minReadySeconds, 'spec.minReadySeconds'),
    ...notNegative(value.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
    ...progressDeadline(value),
  ]);

/** apps/v1: a changed selector would orphan every pod. */
export const validateSelectorUpdate = (
  { spec }: Deployment | ReplicaSet,
  { spec: before }: Deployment | ReplicaSet,
): FieldErrors =>
  when(!isDeepStrictEqual(spec?.selector, before?.selector), () =>
    invalid('spec.selector', spec?.selector ?? null, FIELD_IMMUTABLE),
  );

const isEmpty = ({ matchLabels, matchExpressions }: LabelSelector): boolean =>
  Object.keys(matchLabels ?? {}).length === 0 && !matchExpressions?.length;

const selectedTemplate = (
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
): FieldErrors => {
  const wrong = labelSelector(selector, 'spec.selector');
  return [
    ...(selector ? wrong : [required('spec.selector')]),
    ...when(!!selector && isEmpty(selector), () =>
      invalid('spec.selector', selector, 'empty selector is invalid for deployment'),
    ),
    ...ifSet(template, (value) => [
      ...when(wrong.length === 0 && !!selector && !isSelected(value, selector), () =>
        invalid(
          'spec.template.metadata.labels',
          value.metadata?.labels ?? null,
          '`selector` does not match template `labels`',
        ),
      ),
      ...podTemplate(value, 'spec.template'),
      ...endless(value, 'spec.template.spec'),
    ]),
  ];
};

const isSelected = ({ metadata }: PodTemplateSpec, selector: LabelSelector): boolean =>
  isEmpty(selector) || labelSelectorMatches(selector, metadata?.labels);

/** A ReplicaSet keeps its pods running: they cannot end by themselves. */
const endless = ({ spec }: PodTemplateSpec, path: string): FieldErrors => [
  ...when(spec?.restartPolicy !== 'Always', () =>
    notSupported(`${path}.restartPolicy`, spec?.restartPolicy ?? '', ['Always']),
  ),
  ...when(spec?.activeDeadlineSeconds !== undefined, () =>
    forbidden(`${path}.activeDeadlineSeconds`, 'activeDeadlineSeconds in ReplicaSet is not Supported'),
  ),
];

const progressDeadline = ({
  progressDeadlineSeconds: seconds,
  minReadySeconds,
}: DeploymentSpec): FieldErrors => {
  const path = 'spec.progressDeadlineSeconds';
  return [
    ...notNegative(seconds, path),
    ...ifSet(seconds, (value) =>
      when(value <= (minReadySeconds ?? 0), () =>
        invalid(path, value, 'must be greater than minReadySeconds'),
      ),
    ),
  ];
};

const rolloutStrategy = (strategy: DeploymentStrategy, path: string): FieldErrors => {
  const { type, rollingUpdate } = strategy;
  switch (type) {
    case 'Recreate':
      return when(rollingUpdate !== undefined, () =>
        forbidden(`${path}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'"),
      );
    case 'RollingUpdate':
      return ifSet(rollingUpdate, (limits) => rollingLimits(limits, `${path}.rollingUpdate`));
    case undefined:
    default:
      return [notSupported(path, strategy, ['Recreate', 'RollingUpdate'])];
  }
};

const rollingLimits = ({ maxUnavailable, maxSurge }: RollingUpdateDeployment, path: string): FieldErrors => [
  ...countOrPercent(maxUnavailable, `${path}.maxUnavailable`),
  ...countOrPercent(maxSurge, `${path}.maxSurge`),
  ...when(isZero(maxUnavailable) && isZero(maxSurge), () =>
    invalid(`${path}.maxUnavailable`, maxUnavailable ?? 0, 'may not be 0 when `maxSurge` is 0'),
  ),
  ...when(typeof maxUnavailable === 'string' && Number.parseInt(maxUnavailable, 10) > 100, () =>
    invalid(`${path}.maxUnavailable`, maxUnavailable, 'must not be greater than 100%'),
  ),
];

const isZero = (value: IntOrString | undefined): boolean =>
  value === undefined || value === 0 || (typeof value === 'string' && Number.parseInt(value, 10) === 0);

const countOrPercent = (value: IntOrString | undefined, path: string): FieldErrors => {
  if (typeof value !== 'string') return notNegative(value, path);
  return when(!/^[0-9]+%$/.test(value), () =>
    invalid(
      path,
      value,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ),
  );
};
