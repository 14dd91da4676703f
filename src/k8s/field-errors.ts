// Findings of validation in kube-apiserver's words (k8s.io/apimachinery/pkg/util/validation/field/errors.go, 1.36).
import type { FieldError } from './field-error.ts';

/** `Required value: name or generateName is required` */
export const required = (field: string, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  field,
  message: body('Required value', detail),
});

/** `Invalid value: 99999: must be between 1 and 65535, inclusive` */
export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  message: body(`Invalid value: ${JSON.stringify(value)}`, detail),
});

/** As `invalid`, without showing the value. */
export const invalidUnshown = (field: string, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  message: body('Invalid value', detail),
});

/** As `invalid`, for a value of the wrong type. */
export const typeInvalid = (field: string, value: unknown, detail: string): FieldError => ({
  ...invalid(field, value, detail),
  type: 'FieldValueTypeInvalid',
});

/** `Unsupported value: "SCTPP: supported values: "SCTP", "TCP", "UDP"` */
export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field,
  message: body(`Unsupported value: ${JSON.stringify(value)}`, supportedValues(supported)),
});

/** `Forbidden: no new finalizers can be added ...` */
export const forbidden = (field: string, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field,
  message: body('Forbidden', detail),
});

/** `Duplicate value: "http"` */
export const duplicate = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${JSON.stringify(value)}`,
});

/** `Too long: may not be more than 262144 bytes` */
export const tooLong = (field: string, bytesMax: number): FieldError => ({
  type: 'FieldValueTooLong',
  field,
  message: body('Too long', `may not be more than ${bytesMax} ${bytesMax === 1 ? 'byte' : 'bytes'}`),
});

/** `Too many: 3: must have at most 2 items` */
export const tooMany = (field: string, actual: number, most: number): FieldError => ({
  type: 'FieldValueTooMany',
  field,
  message: body(`Too many: ${actual}`, `must have at most ${most} ${most === 1 ? 'item' : 'items'}`),
});

/** `Not found: "volume-a"` */
export const notFound = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueNotFound',
  field,
  message: `Not found: ${JSON.stringify(value)}`,
});

const body = (what: string, detail: string): string => (detail === '' ? what : `${what}: ${detail}`);

const supportedValues = (values: readonly string[]): string =>
  values.length === 0 ? '' : `supported values: ${values.map((value) => JSON.stringify(value)).join(', ')}`;
