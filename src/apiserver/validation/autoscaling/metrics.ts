// Rules for what a HorizontalPodAutoscaler measures.
import { forbidden, invalid, notSupported, required } from '../../../k8s/field-errors.ts';
import type {
  ContainerResourceMetricSource,
  ExternalMetricSource,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
  ObjectMetricSource,
  PodsMetricSource,
  Quantity,
  ResourceMetricSource,
} from '../../../k8s/generated/types.ts';
import { dns1123Label } from '../../../k8s/name-rules.ts';
import { parseQuantity } from '../../../k8s/quantity.ts';
import { type FieldErrors, ifSet, when } from '../compose.ts';
import { containerResourceName } from '../resources.ts';
import { segment, targetReference } from './target-reference.ts';
import type { VersionRule } from './target-reference.ts';

const SOURCE_BY_TYPE = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
} as const;
const TYPES = Object.keys(SOURCE_BY_TYPE);

/** In the order in which they are looked at: of several only the first is. */
const SOURCES = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;

export const metricSpec = (metric: MetricSpec, path: string, rule: VersionRule): FieldErrors => {
  const present = SOURCES.filter((name) => metric[name] !== undefined);
  const wanted = Object.hasOwn(SOURCE_BY_TYPE, metric.type ?? '')
    ? SOURCE_BY_TYPE[metric.type as keyof typeof SOURCE_BY_TYPE]
    : undefined;
  return [
    ...when(!metric.type, () => required(`${path}.type`, 'must specify a metric source type')),
    ...when(!wanted, () => notSupported(`${path}.type`, metric.type ?? '', TYPES)),
    ...(present[0] ? source(metric, present[0], `${path}.${present[0]}`, rule) : []),
    ...when(wanted !== undefined && !present.includes(wanted), () =>
      required(`${path}.${wanted}`, 'must populate information for the given metric source'),
    ),
    ...(present.length === 1 ? [] : present.filter((name) => name !== wanted)).map((name) =>
      forbidden(`${path}.${name}`, 'must populate the given metric source only'),
    ),
  ];
};

const source = (
  { object, external, pods, resource, containerResource }: MetricSpec,
  name: (typeof SOURCES)[number],
  path: string,
  rule: VersionRule,
): FieldErrors => {
  if (name === 'object') return objectSource(object!, path, rule);
  if (name === 'external') return externalSource(external!, path);
  if (name === 'pods') return podsSource(pods!, path);
  return name === 'resource'
    ? resourceSource(resource!, path)
    : containerResourceSource(containerResource!, path);
};

const objectSource = (
  { describedObject, metric, target }: ObjectMetricSource,
  path: string,
  rule: VersionRule,
): FieldErrors => [
  ...targetReference(describedObject, `${path}.describedObject`, rule),
  ...identifier(metric, `${path}.metric`),
  ...metricTarget(target, `${path}.target`),
  ...when(target?.value === undefined && target?.averageValue === undefined, () =>
    required(`${path}.target.averageValue`, 'must set either a target value or averageValue'),
  ),
];

const externalSource = ({ metric, target }: ExternalMetricSource, path: string): FieldErrors => [
  ...identifier(metric, `${path}.metric`),
  ...metricTarget(target, `${path}.target`),
  ...when(target?.value === undefined && target?.averageValue === undefined, () =>
    required(`${path}.target.averageValue`, 'must set either a target value for metric or a per-pod target'),
  ),
  ...when(target?.value !== undefined && target.averageValue !== undefined, () =>
    forbidden(`${path}.target.value`, 'may not set both a target value for metric and a per-pod target'),
  ),
];

const podsSource = ({ metric, target }: PodsMetricSource, path: string): FieldErrors => [
  ...identifier(metric, `${path}.metric`),
  ...metricTarget(target, `${path}.target`),
  ...when(target?.averageValue === undefined, () =>
    required(`${path}.target.averageValue`, 'must specify a positive target averageValue'),
  ),
];

const resourceSource = ({ name, target }: ResourceMetricSource, path: string): FieldErrors => [
  ...when(!name, () => required(`${path}.name`, 'must specify a resource name')),
  ...resourceTarget(target, `${path}.target`),
];

const containerResourceSource = (
  { name, container, target }: ContainerResourceMetricSource,
  path: string,
): FieldErrors => [
  ...(name
    ? containerResourceName(name, `${path}.name`)
    : [required(`${path}.name`, 'must specify a resource name')]),
  ...(container
    ? dns1123Label(container).map((finding) => invalid(`${path}.container`, container, finding))
    : [required(`${path}.container`, 'must specify a container')]),
  ...resourceTarget(target, `${path}.target`),
];

const resourceTarget = (target: MetricTarget | undefined, path: string): FieldErrors => [
  ...metricTarget(target, path),
  ...when(target?.averageUtilization === undefined && target?.averageValue === undefined, () =>
    required(`${path}.averageUtilization`, 'must set either a target raw value or a target utilization'),
  ),
  ...when(target?.averageUtilization !== undefined && target.averageValue !== undefined, () =>
    forbidden(`${path}.averageValue`, 'may not set both a target raw value and a target utilization'),
  ),
];

const TARGET_TYPES = ['Utilization', 'Value', 'AverageValue'];

const metricTarget = (target: MetricTarget | undefined, path: string): FieldErrors => {
  const { type = '', value, averageValue, averageUtilization } = target ?? {};
  return [
    ...when(type === '', () => required(`${path}.type`, 'must specify a metric target type')),
    ...when(!TARGET_TYPES.includes(type), () =>
      invalid(`${path}.type`, type, 'must be either Utilization, Value, or AverageValue'),
    ),
    ...positiveQuantity(value, `${path}.value`),
    ...positiveQuantity(averageValue, `${path}.averageValue`),
    ...when(averageUtilization !== undefined && averageUtilization < 1, () =>
      invalid(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0'),
    ),
  ];
};

const positiveQuantity = (quantity: Quantity | undefined, path: string): FieldErrors =>
  ifSet(quantity, (value) =>
    when((parseQuantity(value)?.nanos ?? 0n) <= 0n, () => invalid(path, value, 'must be positive')),
  );

const identifier = (metric: MetricIdentifier | undefined, path: string): FieldErrors =>
  segment(metric?.name, `${path}.name`, 'must specify a metric name');
