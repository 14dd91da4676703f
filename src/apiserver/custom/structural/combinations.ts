// allOf, anyOf, oneOf and not. Where no alternative fits, the complaints of the one that came furthest are shown.
// Source: k8s.io/kube-openapi/pkg/validation/validate/schema_props.go.
import { general, merge, noFindings } from './findings.ts';
import type { Findings, Place } from './findings.ts';
import type { Schema } from './schema.ts';

type Check = (schema: Schema) => Findings;

/** `check` finds out whether the value fits one of the alternatives. */
export const combinationFindings = (
  { anyOf, oneOf, allOf, not }: Schema,
  check: Check,
  place: Place,
): Findings => {
  const findings = noFindings();
  if (anyOf?.length) merge(findings, anyOfFindings(anyOf, check, place));
  if (oneOf?.length) merge(findings, oneOfFindings(oneOf, check, place));
  if (allOf?.length) merge(findings, allOfFindings(allOf, check, place));
  if (not && isValid(check(not)))
    findings.errors.push(general(place, `"${place.path}" must not validate the schema (not)`));
  return findings;
};

const isValid = ({ errors }: Findings): boolean => errors.length === 0;

const anyOfFindings = (schemas: readonly Schema[], check: Check, place: Place): Findings => {
  const tried: Findings[] = [];
  for (const schema of schemas) {
    const each = check(schema);
    if (isValid(each)) return each;
    tried.push(each);
  }
  return withComplaint(`"${place.path}" must validate at least one schema (anyOf)`, best(tried), place);
};

const oneOfFindings = (schemas: readonly Schema[], check: Check, place: Place): Findings => {
  const all = schemas.map(check);
  const valid = all.filter(isValid);
  if (valid.length === 1) return valid[0]!;
  const what = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`;
  const complaint = `"${place.path}" must validate one and only one schema (oneOf). ${what}`;
  // As in Go: alternatives that fail after the last one that fits are forgotten.
  return withComplaint(complaint, valid.length === 0 ? best(all) : undefined, place);
};

const allOfFindings = (schemas: readonly Schema[], check: Check, place: Place): Findings => {
  const all = schemas.map(check);
  const findings = noFindings();
  for (const each of all) merge(findings, each);
  const fitting = all.filter(isValid).length;
  if (fitting === all.length) return findings;
  const what = fitting === 0 ? '. None validated' : '';
  findings.errors.push(general(place, `"${place.path}" must validate all the schemas (allOf)${what}`));
  return findings;
};

const best = (tried: readonly Findings[]): Findings | undefined =>
  tried.reduce<Findings | undefined>(
    (found, each) => (found && found.matches >= each.matches ? found : each),
    undefined,
  );

const withComplaint = (complaint: string, closest: Findings | undefined, place: Place): Findings => {
  const findings = noFindings();
  findings.errors.push(general(place, complaint));
  if (closest) merge(findings, closest);
  return findings;
};
