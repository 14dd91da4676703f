// The range of a number.
// Source: k8s.io/kube-openapi/pkg/validation/validate (validator.go, values.go).
import type { FieldError } from '../../../k8s/field-error.ts';
import { general, noFindings, refused } from './findings.ts';
import type { Findings, Place } from './findings.ts';
import type { Schema } from './schema.ts';
import { formatOf } from './types.ts';

export const numberFindings = (schema: Schema, value: number, place: Place): Findings => {
  const findings = noFindings();
  findings.matches += 2;
  findings.errors.push(
    ...rangeErrors(schema, value, place),
    ...multipleErrors(schema, value, place),
    ...maximumErrors(schema, value, place),
    ...minimumErrors(schema, value, place),
  );
  return findings;
};

const LIMITS: Readonly<Record<string, number>> = { int32: 2 ** 31, int64: 2 ** 63, float: 3.5e38 };

const rangeErrors = (schema: Schema, value: number, place: Place): readonly FieldError[] => {
  const { type } = schema;
  if (schema['x-kubernetes-int-or-string'] || (type !== 'integer' && type !== 'number')) return [];
  const format = formatOf(schema);
  const limit = LIMITS[format] ?? (type === 'integer' ? LIMITS['int64']! : Infinity);
  if (value < limit && value >= -limit && (type === 'number' || Number.isInteger(value))) return [];
  const kind = format === '' ? `${type} (default format)` : `${type} with format ${format}`;
  return [general(place, `Checked value must be of type ${kind} in ${place.path}`)];
};

const multipleErrors = ({ multipleOf }: Schema, value: number, place: Place): readonly FieldError[] => {
  if (multipleOf === undefined) return [];
  const ratio = multipleOf < 1 ? (1 / multipleOf) * value : value / multipleOf;
  const isMultiple =
    multipleOf > 0 && Math.abs(ratio - Math.round(ratio)) <= Number.EPSILON * Math.abs(ratio);
  return isMultiple ? [] : [refused(place, value, `should be a multiple of ${multipleOf}`)];
};

// Go compares integers with the bound's integer part.
const boundFor = (value: number, bound: number): number =>
  Number.isInteger(value) ? Math.trunc(bound) : bound;

const maximumErrors = (
  { maximum, exclusiveMaximum: isExclusive }: Schema,
  value: number,
  place: Place,
): readonly FieldError[] => {
  if (maximum === undefined) return [];
  const bound = boundFor(value, maximum);
  if (isExclusive ? value < bound : value <= bound) return [];
  return [refused(place, value, `should be less than ${isExclusive ? '' : 'or equal to '}${bound}`)];
};

const minimumErrors = (
  { minimum, exclusiveMinimum: isExclusive }: Schema,
  value: number,
  place: Place,
): readonly FieldError[] => {
  if (minimum === undefined) return [];
  const bound = boundFor(value, minimum);
  if (isExclusive ? value > bound : value >= bound) return [];
  return [refused(place, value, `should be greater than ${isExclusive ? '' : 'or equal to '}${bound}`)];
};
