// The findings of validation in kube-apiserver's words (k8s.io/apimachinery/pkg/util/validation/field/errors.go).
import type { FieldError } from '../../k8s/field-error.ts';

export type Findings = readonly FieldError[];

export const required = (field: string, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  field,
  message: withDetail('Required value', detail),
});

export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  message: withDetail(`Invalid value: ${valueText(value)}`, detail),
});

export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field,
  message: withDetail(
    `Unsupported value: ${valueText(value)}`,
    `supported values: ${supported.map((name) => JSON.stringify(name)).join(', ')}`,
  ),
});

export const forbidden = (field: string, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field,
  message: withDetail('Forbidden', detail),
});

export const duplicate = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${valueText(value)}`,
});

export const notFound = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueNotFound',
  field,
  message: `Not found: ${valueText(value)}`,
});

/** More than so many bytes; the value itself is not repeated. */
export const tooLong = (field: string, mostBytes: number): FieldError => ({
  type: 'FieldValueTooLong',
  field,
  message: `Too long: may not be more than ${mostBytes} bytes`,
});

export const tooMany = (field: string, actual: number, most: number): FieldError => ({
  type: 'FieldValueTooMany',
  field,
  message: `Too many: ${actual}: must have at most ${most} ${most === 1 ? 'item' : 'items'}`,
});

/** One finding for each message. */
export const invalidFor = (field: string, value: unknown, messages: readonly string[]): FieldError[] =>
  messages.map((message) => invalid(field, value, message));

const withDetail = (text: string, detail: string): string => (detail === '' ? text : `${text}: ${detail}`);

const valueText = (value: unknown): string => (value === undefined ? 'null' : JSON.stringify(value));
