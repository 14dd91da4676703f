// Rules for DaemonSets (kubernetes pkg/apis/apps/validation/validation.go).
import { invalid, notSupported, required } from '../../../k8s/field-errors.ts';
import type { DaemonSet, DaemonSetSpec, RollingUpdateDaemonSet } from '../../../k8s/generated/types.ts';
import { type FieldErrors, ifSet, when } from '../compose.ts';
import { notNegative } from '../scalars.ts';
import { atMostAll, countOrPercent, isZero } from './limits.ts';
import { endlessTemplate, selectorAndLabels } from './template.ts';

export const validateDaemonSet = ({ spec }: DaemonSet): FieldErrors =>
  ifSet(spec, (value) => [
    ...selectorAndLabels(value, 'daemonset'),
    ...endlessTemplate(value.template, 'DaemonSet'),
    ...notNegative(value.minReadySeconds, 'spec.minReadySeconds'),
    ...updateStrategy(value.updateStrategy, 'spec.updateStrategy'),
    ...notNegative(value.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
  ]);

const updateStrategy = (strategy: DaemonSetSpec['updateStrategy'], path: string): FieldErrors => {
  const { type, rollingUpdate } = strategy ?? {};
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate') return [notSupported(path, strategy, ['RollingUpdate', 'OnDelete'])];
  return rollingUpdate ? limits(rollingUpdate, `${path}.rollingUpdate`) : [required(`${path}.rollingUpdate`)];
};

/** Either a node is without its pod for a while, or it has two. */
const limits = ({ maxUnavailable, maxSurge }: RollingUpdateDaemonSet, path: string): FieldErrors => [
  ...countOrPercent(maxUnavailable, `${path}.maxUnavailable`),
  ...countOrPercent(maxSurge, `${path}.maxSurge`),
  ...atMostAll(maxUnavailable, `${path}.maxUnavailable`),
  ...atMostAll(maxSurge, `${path}.maxSurge`),
  ...when(!isZero(maxUnavailable) && !isZero(maxSurge), () =>
    invalid(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'),
  ),
  ...when(isZero(maxUnavailable) && isZero(maxSurge), () =>
    required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'),
  ),
];
