// What kube-apiserver fills into a HorizontalPodAutoscaler (kubernetes pkg/apis/autoscaling/v2/defaults.go).
import type { HorizontalPodAutoscaler, HPAScalingRules, MetricSpec } from '../../k8s/generated/types.ts';
import type { Mutable } from './mutable.ts';

export const defaultAutoscaler = ({ spec }: Mutable<HorizontalPodAutoscaler>): void => {
  if (!spec) return;
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length) spec.metrics = [cpuTarget(DEFAULT_PERCENT)];
  if (!spec.behavior) return;
  spec.behavior.scaleUp = { ...SCALE_UP, ...spec.behavior.scaleUp };
  spec.behavior.scaleDown = { ...SCALE_DOWN, ...spec.behavior.scaleDown };
};

const DEFAULT_PERCENT = 80;

/** So much of the CPU that the pods request. */
export const cpuTarget = (averageUtilization: number): Mutable<MetricSpec> => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

const SCALE_UP: Mutable<HPAScalingRules> = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
};

const SCALE_DOWN: Mutable<HPAScalingRules> = {
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
};
