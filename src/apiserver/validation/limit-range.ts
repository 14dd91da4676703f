// Rules for LimitRanges (kubernetes pkg/apis/core/validation/validation.go ValidateLimitRange).
import { duplicate, forbidden, invalid, required } from '../../k8s/field-errors.ts';
import type { LimitRange, LimitRangeItem, Quantity } from '../../k8s/generated/types.ts';
import { qualifiedName } from '../../k8s/name-rules.ts';
import { parseQuantity } from '../../k8s/quantity.ts';
import { type FieldErrors, each, repeatedIndexes, when } from './compose.ts';
import { resourceQuantity } from './resources.ts';

const LIMITS = 'spec.limits';

export const validateLimitRange = ({ spec }: LimitRange): FieldErrors => {
  const repeated = new Set(repeatedIndexes(spec?.limits, ({ type }) => type));
  return each(spec?.limits, LIMITS, (item, path, index) => [
    ...typeName(item.type ?? '', `${path}.type`),
    ...when(repeated.has(index), () => duplicate(`${path}.type`, item.type)),
    ...podDefaults(item, path),
    ...claimLimits(item, path),
    ...quantities(item, path),
    ...resourceNames(item).flatMap((name) => relations(item, name, path)),
  ]);
};

const typeName = (type: string, path: string): FieldErrors => {
  const findings = qualifiedName(type);
  if (findings.length > 0) return findings.map((finding) => invalid(path, type, finding));
  const isStandard = ['Pod', 'Container', 'PersistentVolumeClaim'].includes(type) || type.includes('/');
  return when(!isStandard, () => invalid(path, type, 'must be a standard limit type or fully qualified'));
};

const isSet = (list: object | undefined): boolean => Object.keys(list ?? {}).length > 0;

const podDefaults = (item: LimitRangeItem, path: string): FieldErrors =>
  (['default', 'defaultRequest'] as const).flatMap((field) =>
    when(item.type === 'Pod' && isSet(item[field]), () =>
      forbidden(`${path}.${field}`, "may not be specified when `type` is 'Pod'"),
    ),
  );

const claimLimits = ({ type, min, max }: LimitRangeItem, path: string): FieldErrors =>
  when(
    type === 'PersistentVolumeClaim' && min?.['storage'] === undefined && max?.['storage'] === undefined,
    () =>
      required(
        `${path}.limits`,
        'either minimum or maximum storage value is required, but neither was provided',
      ),
  );

const LISTS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

const quantities = (item: LimitRangeItem, path: string): FieldErrors =>
  LISTS.flatMap((list) =>
    Object.entries(item[list] ?? {}).flatMap(([name, quantity]) =>
      resourceQuantity(name, quantity, `${path}.${list}[${name}]`),
    ),
  );

const resourceNames = (item: LimitRangeItem): readonly string[] =>
  [...new Set(LISTS.flatMap((list) => Object.keys(item[list] ?? {})))].sort();

const nanos = (quantity: Quantity | undefined): bigint | undefined =>
  quantity === undefined ? undefined : parseQuantity(quantity)?.nanos;

const exceeds = (a: Quantity | undefined, b: Quantity | undefined): boolean => {
  const [left, right] = [nanos(a), nanos(b)];
  return left !== undefined && right !== undefined && left > right;
};

/** min <= default request <= default <= max. */
const relations = (item: LimitRangeItem, name: string, path: string): FieldErrors => {
  const [min, max, ratio] = [item.min?.[name], item.max?.[name], item.maxLimitRequestRatio?.[name]];
  const [most, request] = [item.default?.[name], item.defaultRequest?.[name]];
  const wrong = (
    a: Quantity | undefined,
    b: Quantity | undefined,
    list: string,
    value: unknown,
    text: string,
  ) => when(exceeds(a, b), () => invalid(`${path}.${list}[${name}]`, value, text));
  return [
    ...wrong(min, max, 'min', min, `min value ${min} is greater than max value ${max}`),
    ...wrong(
      min,
      request,
      'defaultRequest',
      request,
      `min value ${min} is greater than default request value ${request}`,
    ),
    ...wrong(
      request,
      max,
      'defaultRequest',
      request,
      `default request value ${request} is greater than max value ${max}`,
    ),
    ...wrong(
      request,
      most,
      'defaultRequest',
      request,
      `default request value ${request} is greater than default limit value ${most}`,
    ),
    ...wrong(min, most, 'default', min, `min value ${min} is greater than default value ${most}`),
    ...wrong(most, max, 'default', max, `default value ${most} is greater than max value ${max}`),
    ...ratioRelations(ratio, min, max, `${path}.maxLimitRequestRatio[${name}]`),
  ];
};

const ratioRelations = (
  ratio: Quantity | undefined,
  min: Quantity | undefined,
  max: Quantity | undefined,
  path: string,
): FieldErrors => {
  if (ratio === undefined) return [];
  const [value, least, most] = [ratio, min, max].map((quantity) => Number(nanos(quantity)));
  const possible = most! / least!;
  return [
    ...when(exceeds('1', ratio), () => invalid(path, ratio, `ratio ${ratio} is less than 1`)),
    ...when(value! / 1e9 > possible, () =>
      invalid(path, ratio, `ratio ${ratio} is greater than max/min = ${possible.toFixed(6)}`),
    ),
  ];
};
