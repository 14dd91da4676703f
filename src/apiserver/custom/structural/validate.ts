// Whether a value is as its schema says.
// Source: k8s.io/kube-openapi/pkg/validation/validate (schema.go, object_validator.go, slice_validator.go, values.go).
import type { FieldError } from '../../../k8s/field-error.ts';
import { equalJson, isJsonObject } from '../../../lang/json.ts';
import type { JsonObject } from '../../../lang/json.ts';
import { ownValue } from '../../../lang/own-value.ts';
import { combinationFindings } from './combinations.ts';
import { isUnchanged, itemBefore, memberBefore } from './correlate.ts';
import type { Before } from './correlate.ts';
import { merge, missing, noFindings, notAllowed, notInEnum, refused, tooManyOf } from './findings.ts';
import type { Findings, Place } from './findings.ts';
import { numberFindings } from './numbers.ts';
import { additionalSchema } from './schema.ts';
import type { Schema } from './schema.ts';
import { stringFindings } from './strings.ts';
import { typeFindings } from './types.ts';

export type ValidateOptions = {
  /** The value before an update: what did not change is not complained about. */
  readonly before?: Before;
  /** Where the value stands, if it is not the whole object: `status`. */
  readonly prefix?: string;
};

/** None if the value is valid. O(size of the value), alternatives times their number. */
export const validateValue = (
  schema: Schema,
  value: unknown,
  { before, prefix = '' }: ValidateOptions = {},
): readonly FieldError[] => findingsOf(schema, value, { path: '', prefix }, before).errors;

/** Null has a type, and may be one of an enum; nothing else is asked of it. */
const findingsOf = (schema: Schema, value: unknown, place: Place, before: Before): Findings => {
  const findings = noFindings();
  merge(findings, typeFindings(schema, value, place));
  findings.errors.push(...enumErrors(schema, value, place));
  if (value !== null) addDeeper(findings, schema, value, place, before);
  return findings.errors.length > 0 && isUnchanged(before, value) ? { ...findings, errors: [] } : findings;
};

const addDeeper = (
  findings: Findings,
  schema: Schema,
  value: unknown,
  place: Place,
  before: Before,
): void => {
  findings.matches += 2; // the check of alternatives and the whole
  merge(
    findings,
    combinationFindings(schema, (each) => findingsOf(each, value, place, before), place),
  );
  if (typeof value === 'string') merge(findings, stringFindings(schema, value, place));
  else if (typeof value === 'number') merge(findings, numberFindings(schema, value, place));
  else if (Array.isArray(value)) merge(findings, itemFindings(schema, value, place, before));
  else if (isJsonObject(value)) merge(findings, memberFindings(schema, value, place, before));
};

const enumErrors = (schema: Schema, value: unknown, place: Place): readonly FieldError[] => {
  const allowed = schema.enum ?? [];
  const isAllowed = value !== null && allowed.some((each) => equalJson(each, value));
  return allowed.length === 0 || isAllowed ? [] : [notInEnum(place, value, allowed)];
};

const itemFindings = (schema: Schema, list: readonly unknown[], place: Place, before: Before): Findings => {
  const findings = noFindings();
  findings.matches += 2;
  const { items, minItems = 0, maxItems = Infinity } = schema;
  if (items)
    for (const [index, item] of list.entries()) {
      const here = { ...place, path: `${place.path}[${index}]` };
      merge(findings, findingsOf(items, item, here, itemBefore(before, schema, item)));
    }
  if (list.length < minItems)
    findings.errors.push(refused(place, list.length, `should have at least ${minItems} items`));
  if (list.length > maxItems) findings.errors.push(tooManyOf(place, list.length, maxItems));
  return findings;
};

const memberFindings = (schema: Schema, object: JsonObject, place: Place, before: Before): Findings => {
  const findings = noFindings();
  findings.matches += 1;
  findings.errors.push(...sizeErrors(schema, Object.keys(object).length, place));
  for (const name of Object.keys(object)) {
    const own = ownValue(schema.properties, name);
    const member = own ?? additionalSchema(schema);
    const here = { ...place, path: own && place.path === '' ? name : `${place.path}.${name}` };
    if (member)
      merge(findings, findingsOf(member, object[name], here, beforeOf(before, schema, name, place)));
    else if (schema.additionalProperties === false) findings.errors.push(notAllowed(place, name));
  }
  for (const name of schema.required ?? [])
    if (!Object.hasOwn(object, name)) findings.errors.push(missing(place, name));
  return findings;
};

// What version and kind an object is of says the request: both are converted to the same before they are compared.
const beforeOf = (before: Before, schema: Schema, name: string, { path }: Place): Before =>
  path === '' && (name === 'kind' || name === 'apiVersion') ? undefined : memberBefore(before, schema, name);

const sizeErrors = (
  { minProperties = 0, maxProperties = Infinity }: Schema,
  size: number,
  place: Place,
): readonly FieldError[] => [
  ...(size < minProperties ? [refused(place, size, `should have at least ${minProperties} properties`)] : []),
  ...(size > maxProperties ? [tooManyOf(place, size, maxProperties)] : []),
];
