// Metrics of HorizontalPodAutoscalers in both of their forms: autoscaling/v2's, and the one that autoscaling/v1 has in
// annotations for what it has no fields for (kubernetes pkg/apis/autoscaling/v1/conversion.go).
import type { JsonObject } from '../../../lang/json.ts';
import { isJsonObject } from '../../../lang/json.ts';
import { valueAt, withValueAt } from '../../../lang/nested.ts';

/** A field of the older form, where the newer one has it, and what the older one says when it is not there. */
type FieldForms = readonly [older: string, newer: string, whenAbsent?: string];

/** By the field of the metric's source, in the order of the older form's fields. */
type SourceForms = Readonly<Record<string, readonly FieldForms[]>>;

const TARGETS: SourceForms = {
  object: [
    ['target', 'describedObject'],
    ['metricName', 'metric.name'],
    ['targetValue', 'target.value', '0'],
    ['selector', 'metric.selector'],
    ['averageValue', 'target.averageValue'],
  ],
  pods: [
    ['metricName', 'metric.name'],
    ['targetAverageValue', 'target.averageValue', '0'],
    ['selector', 'metric.selector'],
  ],
  resource: [
    ['name', 'name'],
    ['targetAverageUtilization', 'target.averageUtilization'],
    ['targetAverageValue', 'target.averageValue'],
  ],
  containerResource: [
    ['name', 'name'],
    ['targetAverageUtilization', 'target.averageUtilization'],
    ['targetAverageValue', 'target.averageValue'],
    ['container', 'container'],
  ],
  external: [
    ['metricName', 'metric.name'],
    ['metricSelector', 'metric.selector'],
    ['targetValue', 'target.value'],
    ['targetAverageValue', 'target.averageValue'],
  ],
};

const CURRENTS: SourceForms = {
  object: [
    ['target', 'describedObject'],
    ['metricName', 'metric.name'],
    ['currentValue', 'current.value', '0'],
    ['selector', 'metric.selector'],
    ['averageValue', 'current.averageValue'],
  ],
  pods: [
    ['metricName', 'metric.name'],
    ['currentAverageValue', 'current.averageValue', '0'],
    ['selector', 'metric.selector'],
  ],
  resource: [
    ['name', 'name'],
    ['currentAverageUtilization', 'current.averageUtilization'],
    ['currentAverageValue', 'current.averageValue', '0'],
  ],
  containerResource: [
    ['name', 'name'],
    ['currentAverageUtilization', 'current.averageUtilization'],
    ['currentAverageValue', 'current.averageValue', '0'],
    ['container', 'container'],
  ],
  external: [
    ['metricName', 'metric.name'],
    ['metricSelector', 'metric.selector'],
    ['currentValue', 'current.value', '0'],
    ['currentAverageValue', 'current.averageValue'],
  ],
};

/** A metric of a v2 spec as v1 writes it. */
export const olderTarget = (metric: object): JsonObject => metricWith(TARGETS, olderSource, metric);

/** A metric of a v2 status as v1 writes it. */
export const olderCurrent = (metric: object): JsonObject => metricWith(CURRENTS, olderSource, metric);

/** The metric of a v2 spec that v1 wrote so. */
export const newerTarget = (metric: object): JsonObject =>
  metricWith(TARGETS, (source, forms, name) => typedTarget(newerSource(source, forms), name), metric);

/** The metric of a v2 status that v1 wrote so. */
export const newerCurrent = (metric: object): JsonObject => metricWith(CURRENTS, newerSource, metric);

const metricWith = (
  forms: SourceForms,
  convert: (source: JsonObject, forms: readonly FieldForms[], name: string) => JsonObject,
  metric: object,
): JsonObject => {
  const { type, ...sources } = metric as JsonObject;
  const converted = Object.entries(forms).flatMap(([name, fields]) => {
    const source = sources[name];
    return isJsonObject(source) ? [[name, convert(source, fields, name)] as const] : [];
  });
  return { type, ...Object.fromEntries(converted) };
};

const olderSource = (source: JsonObject, forms: readonly FieldForms[]): JsonObject =>
  Object.fromEntries(
    forms.flatMap(([older, newer, whenAbsent]) => {
      const value = valueAt(source, newer) ?? whenAbsent;
      return value === undefined ? [] : [[older, value] as const];
    }),
  );

const newerSource = (source: JsonObject, forms: readonly FieldForms[]): JsonObject =>
  forms.reduce<JsonObject>((made, [older, newer, whenAbsent]) => {
    const value = source[older] ?? whenAbsent;
    return value === undefined || value === null ? made : withValueAt(made, newer, value);
  }, {});

// v1 does not say what kind of target it is, and cannot leave out an object's value.
const typedTarget = (source: JsonObject, name: string): JsonObject => {
  const { averageUtilization, averageValue, value } = (source['target'] ?? {}) as JsonObject;
  if (averageUtilization !== undefined)
    return withTarget(source, { type: 'Utilization', averageUtilization, averageValue });
  if (name === 'object' && averageValue !== undefined && Number(value) === 0)
    return withTarget(source, { type: 'AverageValue', averageValue });
  const isValue = value !== undefined && (averageValue === undefined || name === 'external');
  return withTarget(source, { type: isValue ? 'Value' : 'AverageValue', value, averageValue });
};

const withTarget = (source: JsonObject, target: JsonObject): JsonObject => ({ ...source, target });
