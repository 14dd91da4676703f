// The two versions of a HorizontalPodAutoscaler: autoscaling/v2, in which it is stored, and autoscaling/v1, which has fields for
// one target of the CPU only and keeps the rest in annotations (kubernetes pkg/apis/autoscaling/v1/conversion.go).
import type {
  AutoscalingV1HorizontalPodAutoscaler,
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
} from '../../../k8s/generated/types.ts';
import { cpuTarget } from '../../defaults/autoscaler.ts';
import { behaviorText, readBehavior, readList } from './annotation-texts.ts';
import { newerCurrent, newerTarget, olderCurrent, olderTarget } from './metric-forms.ts';

export type Older = AutoscalingV1HorizontalPodAutoscaler;
export type Newer = HorizontalPodAutoscaler;
type Annotations = Readonly<Record<string, string>>;

const PREFIX = 'autoscaling.alpha.kubernetes.io';
const METRICS = `${PREFIX}/metrics`;
const CURRENT_METRICS = `${PREFIX}/current-metrics`;
const BEHAVIOR = `${PREFIX}/behavior`;
const CONDITIONS = `${PREFIX}/conditions`;
const RESERVED = [
  METRICS,
  CURRENT_METRICS,
  BEHAVIOR,
  CONDITIONS,
  `${PREFIX}/scale-down-tolerance`,
  `${PREFIX}/scale-up-tolerance`,
];

/** The same without the annotations that only v1 shows: undefined without any. */
export const withoutReserved = (annotations: Annotations | undefined): Annotations | undefined => {
  const kept = Object.entries(annotations ?? {}).filter(([name]) => !RESERVED.includes(name));
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
};

/** A v2 object as v1 shows it. */
export const olderForm = (autoscaler: Newer): Older => {
  const { metadata, spec, status, ...type } = autoscaler;
  const { annotations: _annotations, ...meta } = metadata ?? {};
  const annotations = { ...withoutReserved(metadata?.annotations), ...reservedOf(autoscaler) };
  const percent = (spec?.metrics ?? []).map(cpuPercent).find((each) => each !== undefined);
  const current = (status?.currentMetrics ?? [])
    .map(currentCpuPercent)
    .findLast((each) => each !== undefined);
  return {
    ...type,
    apiVersion: 'autoscaling/v1',
    metadata: { ...meta, ...(Object.keys(annotations).length > 0 && { annotations }) },
    ...(spec && {
      spec: {
        maxReplicas: spec.maxReplicas,
        ...(spec.minReplicas !== undefined && { minReplicas: spec.minReplicas }),
        scaleTargetRef: spec.scaleTargetRef,
        ...(percent !== undefined && { targetCPUUtilizationPercentage: percent }),
      },
    }),
    ...(status && { status: olderStatus(status, current) }),
  };
};

/** A v1 object as v2 shows it, without defaults. */
export const newerForm = (autoscaler: Older): Newer => {
  const { metadata, spec, status } = autoscaler;
  const { annotations: given, ...meta } = metadata ?? {};
  const annotations = withoutReserved(given);
  const metrics = spec && [
    ...(readList(given?.[METRICS], newerTarget, 'MetricSpec') ?? []),
    ...(spec.targetCPUUtilizationPercentage === undefined
      ? []
      : [cpuTarget(spec.targetCPUUtilizationPercentage)]),
  ];
  const behavior = readBehavior(given?.[BEHAVIOR]);
  const { targetCPUUtilizationPercentage: _percent, ...rest } = spec ?? {};
  return {
    ...autoscaler,
    apiVersion: 'autoscaling/v2',
    metadata: { ...meta, ...(annotations && { annotations }) },
    ...(metrics && {
      spec: {
        ...rest,
        ...(metrics.length > 0 && { metrics }),
        ...(behavior && { behavior }),
      },
    }),
    ...(status && { status: newerStatus(status, given) }),
  } as Newer;
};

const isCpu = (metric: MetricSpec | MetricStatus): boolean =>
  metric.type === 'Resource' && metric.resource?.name === 'cpu';

const cpuPercent = (metric: MetricSpec): number | undefined =>
  isCpu(metric) ? metric.resource?.target.averageUtilization : undefined;

const currentCpuPercent = (metric: MetricStatus): number | undefined =>
  isCpu(metric) ? metric.resource?.current.averageUtilization : undefined;

const olderStatus = (
  { observedGeneration, lastScaleTime, currentReplicas, desiredReplicas }: NonNullable<Newer['status']>,
  percent: number | undefined,
): Older['status'] => ({
  ...(observedGeneration !== undefined && { observedGeneration }),
  ...(lastScaleTime !== undefined && { lastScaleTime }),
  currentReplicas: currentReplicas ?? 0,
  desiredReplicas,
  ...(percent !== undefined && { currentCPUUtilizationPercentage: percent }),
});

const newerStatus = (
  { currentCPUUtilizationPercentage: percent, ...counts }: NonNullable<Older['status']>,
  annotations: Annotations | undefined,
): Newer['status'] => {
  const plain = percent === undefined ? undefined : [currentCpu(percent)];
  const currentMetrics = readList(annotations?.[CURRENT_METRICS], newerCurrent, 'MetricStatus') ?? plain;
  const conditions = readList(annotations?.[CONDITIONS], (each) => each, 'HorizontalPodAutoscalerCondition');
  return {
    ...counts,
    ...(currentMetrics && { currentMetrics }),
    ...(conditions && { conditions }),
  } as Newer['status'];
};

const currentCpu = (averageUtilization: number): object => ({
  type: 'Resource',
  resource: { name: 'cpu', current: { averageUtilization } },
});

const reservedOf = ({ spec, status }: Newer): Annotations => {
  const others = (spec?.metrics ?? []).filter((metric) => cpuPercent(metric) === undefined);
  const { currentMetrics = [], conditions = [] } = status ?? {};
  return {
    ...(others.length > 0 && { [METRICS]: JSON.stringify(others.map(olderTarget)) }),
    ...(currentMetrics.length > 0 && { [CURRENT_METRICS]: JSON.stringify(currentMetrics.map(olderCurrent)) }),
    ...(spec?.behavior && { [BEHAVIOR]: behaviorText(spec.behavior) }),
    ...(conditions.length > 0 && { [CONDITIONS]: JSON.stringify(conditions) }),
  };
};
