// Rules for HorizontalPodAutoscalers (kubernetes pkg/apis/autoscaling/validation/validation.go and
// pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go, 1.36).
import { forbidden, invalid, required } from '../../../k8s/field-errors.ts';
import type { HorizontalPodAutoscaler } from '../../../k8s/generated/types.ts';
import { type FieldErrors, each, ifSet, when } from '../compose.ts';
import { notNegative } from '../scalars.ts';
import { validateBehavior } from './behavior.ts';
import { metricSpec } from './metrics.ts';
import { hasReadableVersion, targetReference } from './target-reference.ts';

type Spec = HorizontalPodAutoscaler['spec'];

export const validateAutoscaler = (
  { spec }: HorizontalPodAutoscaler,
  _context?: unknown,
  before?: HorizontalPodAutoscaler,
): FieldErrors =>
  ifSet(spec, (value) => [
    ...replicas(value, before?.spec),
    ...targetReference(value.scaleTargetRef, 'spec.scaleTargetRef', versionRule(value, before?.spec)),
    ...metrics(value, before?.spec),
    ...validateBehavior(value.behavior, 'spec.behavior'),
  ]);

export const validateAutoscalerStatus = ({ status }: HorizontalPodAutoscaler): FieldErrors => [
  ...notNegative(status?.currentReplicas, 'status.currentReplicas'),
  ...notNegative(status?.desiredReplicas, 'status.desiredReplicas'),
];

// HPAScaleToZero is off: only what was zero before may be it.
const replicas = ({ minReplicas, maxReplicas }: Spec, before: Spec | undefined): FieldErrors => {
  const least = before?.minReplicas === 0 ? 0 : 1;
  return [
    ...when(minReplicas !== undefined && minReplicas < least, () =>
      invalid('spec.minReplicas', minReplicas, `must be greater than or equal to ${least}`),
    ),
    ...when(!maxReplicas, () => required('spec.maxReplicas', 'must be set and greater than 0')),
    ...when((maxReplicas ?? 0) < 0, () =>
      invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to 1'),
    ),
    ...when((maxReplicas ?? 0) < (minReplicas ?? 0), () =>
      invalid('spec.maxReplicas', maxReplicas ?? 0, 'must be greater than or equal to `minReplicas`'),
    ),
  ];
};

const versionRule = ({ scaleTargetRef: now }: Spec, before: Spec | undefined) => {
  const then = before?.scaleTargetRef;
  if (then && then.apiVersion === now?.apiVersion && then.kind === now?.kind) return 'any';
  return now?.kind === 'ReplicationController' ? 'readable' : 'with group';
};

const metrics = ({ metrics: list, minReplicas }: Spec, before: Spec | undefined): FieldErrors => {
  const wasWrong = (before?.metrics ?? []).some(
    ({ object }) => object && !hasReadableVersion(object.describedObject),
  );
  const measuresOthers = (list ?? []).some(({ type }) => type === 'Object' || type === 'External');
  return [
    ...each(list, 'spec.metrics', (metric, path) => metricSpec(metric, path, wasWrong ? 'any' : 'readable')),
    ...when(minReplicas === 0 && !measuresOthers, () =>
      forbidden(
        'spec.metrics',
        'must specify at least one Object or External metric to support scaling to zero replicas',
      ),
    ),
  ];
};
