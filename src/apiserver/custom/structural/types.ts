// The type of a value, as Go's validator sees it.
// Source: k8s.io/kube-openapi/pkg/validation/validate/type.go.
import { noFindings, wrongType } from './findings.ts';
import type { Findings, Place } from './findings.ts';
import { isKnownFormat } from './formats.ts';
import type { Schema } from './schema.ts';

export const typeFindings = (schema: Schema, value: unknown, place: Place): Findings => {
  const [types, format] = [typesOf(schema), formatOf(schema)];
  const findings = noFindings();
  if (types.length === 0 && format === '') return findings;
  const complaint = complaintOf(types, format, schema.nullable ?? false, value);
  if (complaint) findings.errors.push(wrongType(place, complaint.wanted, complaint.found));
  else findings.matches += 2;
  return findings;
};

const typesOf = (schema: Schema): readonly string[] => {
  if (schema['x-kubernetes-int-or-string']) return ['integer', 'string'];
  return schema.type ? [schema.type] : [];
};

/** '' for a format that nobody checks. */
export const formatOf = (schema: Schema): string => {
  const { format = '' } = schema;
  const [type, ...more] = typesOf(schema);
  return format !== '' && isKnownFormat(more.length > 0 ? undefined : type, format) ? format : '';
};

type Complaint = { readonly wanted: string; readonly found: string };

const complaintOf = (
  types: readonly string[],
  format: string,
  isNullable: boolean,
  value: unknown,
): Complaint | undefined => {
  const wanted = types.join(',');
  if (value === null) return types.length === 0 || isNullable ? undefined : { wanted, found: 'null' };
  const { type, format: ownFormat } = infer(value);
  const isNumeric = types.includes('number') || types.includes('integer');
  const fits =
    types.includes(type) ||
    (type === 'integer' && types.includes('number')) ||
    (type === 'number' && Number.isInteger(value) && types.includes('integer'));
  const isText = typeof value === 'string' || Array.isArray(value);
  if (!isText && format !== '' && !fits && ownFormat !== format) return { wanted: format, found: ownFormat };
  if (!isNumeric && format !== '' && isText) return undefined; // the format's own check says what is wrong
  return fits ? undefined : { wanted, found: type };
};

const infer = (value: unknown): { readonly type: string; readonly format: string } => {
  if (Array.isArray(value)) return { type: 'array', format: '' };
  if (typeof value === 'number')
    return isInt64(value) ? { type: 'integer', format: 'int64' } : { type: 'number', format: 'float64' };
  return { type: typeof value, format: '' };
};

const isInt64 = (value: number): boolean => Number.isInteger(value) && Math.abs(value) < 2 ** 63;
