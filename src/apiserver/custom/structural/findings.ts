// What validation against a schema finds, in the words of the validator that kube-apiserver uses.
// Sources: k8s.io/kube-openapi/pkg/validation/errors/schema.go; k8s.io/apiextensions-apiserver/pkg/apiserver/validation.
import type { FieldError } from '../../../k8s/field-error.ts';
import { invalid, notSupported, required, tooLong, tooMany, typeInvalid } from '../../../k8s/field-errors.ts';

/** `matches`: how many checks there were, by which the likeliest alternative is chosen. */
export type Findings = { readonly errors: FieldError[]; matches: number };

/** Where a value is: in messages by `path`, in the error's field below `prefix`. */
export type Place = { readonly path: string; readonly prefix: string };

export const noFindings = (): Findings => ({ errors: [], matches: 0 });

export const merge = (into: Findings, { errors, matches }: Findings): void => {
  for (const error of errors) into.errors.push(error);
  into.matches += matches;
};

/** Errors of the whole have no field: Go prints that nil path so. */
const NOWHERE = '<nil>';

const fieldOf = ({ path, prefix }: Place): string =>
  [prefix, path.replace(/^\./, '')].filter((part) => part !== '').join('.') || NOWHERE;

/** `spec.x in body should match '...'` */
export const refused = (place: Place, value: unknown, complaint: string): FieldError =>
  invalid(fieldOf(place), value ?? '', `${place.path} in body ${complaint}`);

/** Go's validator has the name of the found type for the value. */
export const wrongType = (place: Place, wanted: string, found: string): FieldError =>
  typeInvalid(
    fieldOf(place),
    found,
    `${place.path} in body must be of type ${wanted}: ${JSON.stringify(found)}`,
  );

export const missing = ({ path, prefix }: Place, name: string): FieldError =>
  required(fieldOf({ path: `${path}.${name}`, prefix }));

export const notAllowed = (place: Place, name: string): FieldError =>
  invalid(fieldOf(place), name, `${place.path}.${name} in body is a forbidden property`);

export const notInEnum = (place: Place, value: unknown, allowed: readonly unknown[]): FieldError =>
  notSupported(
    fieldOf(place),
    value,
    allowed.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))),
  );

export const tooManyOf = (place: Place, actual: number, most: number): FieldError =>
  tooMany(fieldOf(place), actual, most);

export const tooLongAt = (place: Place, most: number): FieldError => tooLong(fieldOf(place), most);

/** A finding that Go's validator has no field for. */
export const general = ({ prefix }: Place, message: string): FieldError =>
  invalid(prefix || NOWHERE, '', message);
