// What a HorizontalPodAutoscaler scales by (kubernetes pkg/printers/internalversion/printers.go formatHPAMetrics).
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../k8s/generated/types.ts';
import { NONE } from './columns.ts';

const SHOWN = 2;
const UNKNOWN = '<unknown>';

/** `cpu: 12%/80%, memory: <unknown>/1Gi + 1 more...` */
export const metricsCell = ({ spec, status }: HorizontalPodAutoscaler): string => {
  const metrics = spec?.metrics ?? [];
  if (metrics.length === 0) return NONE;
  const texts = metrics.slice(0, SHOWN).map((metric, at) => metricText(metric, status?.currentMetrics?.[at]));
  const more = metrics.length - SHOWN;
  return more > 0 ? `${texts.join(', ')} + ${more} more...` : texts.join(', ');
};

const metricText = (metric: MetricSpec, status: MetricStatus | undefined): string => {
  switch (metric.type) {
    case 'Resource':
      return resourceText(metric.resource!, status?.resource?.current);
    case 'ContainerResource':
      return resourceText(metric.containerResource!, status?.containerResource?.current);
    case 'Pods':
      return `${status?.pods?.current.averageValue ?? UNKNOWN}/${metric.pods?.target.averageValue}`;
    case 'Object':
      return valueText(metric.object!.target, status?.object?.current);
    case 'External':
      return valueText(metric.external!.target, status?.external?.current);
    default:
      return '<unknown type>';
  }
};

const resourceText = (
  { name, target }: { readonly name: string; readonly target: MetricTarget },
  current: MetricValueStatus | undefined,
): string => {
  if (target.averageValue !== undefined)
    return `${name}: ${current?.averageValue ?? UNKNOWN}/${target.averageValue}`;
  const percent = (value: number | undefined, other: string): string =>
    value === undefined ? other : `${value}%`;
  const [now, wanted] = [current?.averageUtilization, target.averageUtilization];
  return `${name}: ${percent(now, UNKNOWN)}/${percent(wanted, '<auto>')}`;
};

const valueText = (target: MetricTarget, current: MetricValueStatus | undefined): string =>
  target.averageValue === undefined
    ? `${current?.value ?? UNKNOWN}/${target.value}`
    : `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`;
