// Rules for single numbers and choices.
import { invalid, notSupported, required } from '../../k8s/field-errors.ts';
import { type FieldErrors, ifSet, when } from './compose.ts';

export const FIELD_IMMUTABLE = 'field is immutable';

const MAX_INT32 = 2 ** 31 - 1;

const rangeText = (first: number, last: number): string => `must be between ${first} and ${last}, inclusive`;

export const inRange = (value: number | undefined, first: number, last: number, path: string): FieldErrors =>
  ifSet(value, (number) =>
    when(number < first || number > last, () => invalid(path, number, rangeText(first, last))),
  );

/** 1 to 65535; nothing is 0. */
export const portNumber = (port: number | undefined, path: string): FieldErrors =>
  inRange(port ?? 0, 1, 65535, path);

/** A Unix user or group. */
export const unixId = (id: number | undefined, path: string): FieldErrors => inRange(id, 0, MAX_INT32, path);

export const positiveInt32 = (value: number | undefined, path: string): FieldErrors =>
  inRange(value, 1, MAX_INT32, path);

export const notNegative = (value: number | undefined, path: string): FieldErrors =>
  ifSet(value, (number) =>
    when(number < 0, () => invalid(path, number, 'must be greater than or equal to 0')),
  );

export const fileMode = (mode: number | undefined, path: string): FieldErrors =>
  ifSet(mode, (value) =>
    when(value < 0 || value > 0o777, () =>
      invalid(path, value, 'must be a number between 0 and 0777 (octal), both inclusive'),
    ),
  );

/** One of the supported values, where something has to be said. */
export const oneOf = (value: string | undefined, supported: readonly string[], path: string): FieldErrors =>
  value ? optionalOneOf(value, supported, path) : [required(path)];

export const optionalOneOf = (
  value: string | undefined,
  supported: readonly string[],
  path: string,
): FieldErrors =>
  ifSet(value, (choice) => when(!supported.includes(choice), () => notSupported(path, choice, supported)));

export const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
