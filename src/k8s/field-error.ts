// One finding of validation, in kube-apiserver's words (k8s.io/apimachinery/pkg/util/validation/field).

export type FieldErrorType =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueDuplicate'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'
  | 'FieldValueNotFound'
  | 'InternalError';

export type FieldError = {
  readonly type: FieldErrorType;
  /** `spec.ports[0].port` */
  readonly field: string;
  /** The body without the field, e.g. `Invalid value: 99999: must be between 1 and 65535, inclusive`. */
  readonly message: string;
};
