// Rules for how fast a HorizontalPodAutoscaler scales.
import { invalid, notSupported, required } from '../../../k8s/field-errors.ts';
import type {
  HPAScalingPolicy,
  HPAScalingRules,
  HorizontalPodAutoscalerBehavior,
} from '../../../k8s/generated/types.ts';
import { parseQuantity } from '../../../k8s/quantity.ts';
import { type FieldErrors, each, ifSet, when } from '../compose.ts';
import { optionalOneOf } from '../scalars.ts';

const WINDOW_MAX_SECONDS = 3600;
const PERIOD_MAX_SECONDS = 1800;

export const validateBehavior = (
  behavior: HorizontalPodAutoscalerBehavior | undefined,
  path: string,
): FieldErrors => [
  ...scalingRules(behavior?.scaleUp, `${path}.scaleUp`),
  ...scalingRules(behavior?.scaleDown, `${path}.scaleDown`),
];

const scalingRules = (rules: HPAScalingRules | undefined, path: string): FieldErrors =>
  ifSet(rules, ({ stabilizationWindowSeconds, selectPolicy, policies, tolerance }) => [
    ...window(stabilizationWindowSeconds, `${path}.stabilizationWindowSeconds`),
    ...optionalOneOf(selectPolicy, ['Disabled', 'Max', 'Min'], `${path}.selectPolicy`),
    ...when(!policies?.length, () => required(`${path}.policies`, 'must specify at least one Policy')),
    ...each(policies, `${path}.policies`, scalingPolicy),
    ...when(tolerance !== undefined && (parseQuantity(tolerance)?.nanos ?? 0n) < 0n, () =>
      invalid(`${path}.tolerance`, tolerance, 'must be greater than or equal to 0'),
    ),
  ]);

const window = (seconds: number | undefined, path: string): FieldErrors =>
  ifSet(seconds, (value) => [
    ...when(value < 0, () => invalid(path, value, 'must be greater than or equal to zero')),
    ...when(value > WINDOW_MAX_SECONDS, () =>
      invalid(path, value, `must be less than or equal to ${WINDOW_MAX_SECONDS}`),
    ),
  ]);

const scalingPolicy = ({ type, value, periodSeconds }: HPAScalingPolicy, path: string): FieldErrors => [
  ...when(type !== 'Pods' && type !== 'Percent', () =>
    notSupported(`${path}.type`, type ?? '', ['Percent', 'Pods']),
  ),
  ...positive(value, `${path}.value`),
  ...positive(periodSeconds, `${path}.periodSeconds`),
  ...when((periodSeconds ?? 0) > PERIOD_MAX_SECONDS, () =>
    invalid(`${path}.periodSeconds`, periodSeconds, `must be less than or equal to ${PERIOD_MAX_SECONDS}`),
  ),
];

const positive = (value: number | undefined, path: string): FieldErrors =>
  when((value ?? 0) <= 0, () => invalid(path, value ?? 0, 'must be greater than zero'));
