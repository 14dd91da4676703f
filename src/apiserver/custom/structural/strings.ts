// Length, pattern and format of a string.
// Source: k8s.io/kube-openapi/pkg/validation/validate (validator.go, formats.go).
import type { FieldError } from '../../../k8s/field-error.ts';
import { compilePattern } from '../../../lang/re2.ts';
import { rememberEach } from '../../../lang/remember.ts';
import { noFindings, refused, tooLongAt, wrongType } from './findings.ts';
import type { Findings, Place } from './findings.ts';
import { stringFormat } from './formats.ts';
import type { Schema } from './schema.ts';
import { formatOf } from './types.ts';

export const stringFindings = (schema: Schema, text: string, place: Place): Findings => {
  const findings = noFindings();
  findings.matches += 1;
  const error = lengthError(schema, text, place) ?? patternError(schema, text, place);
  if (error) findings.errors.push(error);
  const check = stringFormat(formatOf(schema));
  if (check) findings.matches += 1;
  if (check && !check(text)) findings.errors.push(wrongType(place, formatOf(schema), text));
  return findings;
};

const lengthError = (
  { minLength = 0, maxLength = Infinity }: Schema,
  text: string,
  place: Place,
): FieldError | undefined => {
  if (minLength === 0 && text.length <= maxLength) return undefined; // characters are no more than code units
  const length = Array.from(text).length;
  if (length > maxLength) return tooLongAt(place, maxLength);
  return length < minLength ? refused(place, text, `should be at least ${minLength} chars long`) : undefined;
};

const compiledPattern = rememberEach(({ pattern }: Schema) => compilePattern(pattern!));

const patternError = (schema: Schema, text: string, place: Place): FieldError | undefined => {
  const { pattern } = schema;
  if (!pattern) return undefined;
  const compiled = compiledPattern(schema);
  if (!compiled.ok)
    return refused(place, text, `should match '${pattern}, but pattern is invalid: ${compiled.problem}'`);
  return compiled.pattern.matches(text) ? undefined : refused(place, text, `should match '${pattern}'`);
};
