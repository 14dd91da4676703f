// Rules for counts that may be shares: `3` or `25%` (kubernetes pkg/apis/apps/validation/validation.go).
import { invalid } from '../../../k8s/field-errors.ts';
import type { IntOrString } from '../../../k8s/generated/types.ts';
import { type FieldErrors, when } from '../compose.ts';
import { notNegative } from '../scalars.ts';

export const isZero = (value: IntOrString | undefined): boolean =>
  value === undefined || value === 0 || (typeof value === 'string' && Number.parseInt(value, 10) === 0);

export const countOrPercent = (value: IntOrString | undefined, path: string): FieldErrors => {
  if (typeof value !== 'string') return notNegative(value, path);
  return when(!/^[0-9]+%$/.test(value), () =>
    invalid(
      path,
      value,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ),
  );
};

export const atMostAll = (value: IntOrString | undefined, path: string): FieldErrors =>
  when(typeof value === 'string' && /^[0-9]+%$/.test(value) && Number.parseInt(value, 10) > 100, () =>
    invalid(path, value, 'must not be greater than 100%'),
  );
