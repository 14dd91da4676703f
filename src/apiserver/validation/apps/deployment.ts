// Rules for Deployments and ReplicaSets (kubernetes pkg/apis/apps/validation/validation.go).
import { forbidden, invalid, notSupported } from '../../../k8s/field-errors.ts';
import type {
  Deployment,
  DeploymentSpec,
  DeploymentStrategy,
  ReplicaSet,
  RollingUpdateDeployment,
} from '../../../k8s/generated/types.ts';
import { type FieldErrors, ifSet, when } from '../compose.ts';
import { notNegative } from '../scalars.ts';
import { atMostAll, countOrPercent, isZero } from './limits.ts';
import { endlessTemplate, selectorAndLabels } from './template.ts';

export const validateReplicaSet = ({ spec }: ReplicaSet): FieldErrors =>
  ifSet(spec, (value) => [
    ...notNegative(value.replicas, 'spec.replicas'),
    ...notNegative(value.minReadySeconds, 'spec.minReadySeconds'),
    ...selected(value),
  ]);

export const validateDeployment = ({ spec }: Deployment): FieldErrors =>
  ifSet(spec, (value) => [
    ...notNegative(value.replicas, 'spec.replicas'),
    ...selected(value),
    ...ifSet(value.strategy, (strategy) => rolloutStrategy(strategy, 'spec.strategy')),
    ...notNegative(value.minReadySeconds, 'spec.minReadySeconds'),
    ...notNegative(value.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
    ...progressDeadline(value),
  ]);

/** ReplicaSets share these words with Deployments. */
const selected = (spec: Parameters<typeof selectorAndLabels>[0]): FieldErrors => [
  ...selectorAndLabels(spec, 'deployment'),
  ...endlessTemplate(spec.template, 'ReplicaSet'),
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
  ...atMostAll(maxUnavailable, `${path}.maxUnavailable`),
];
