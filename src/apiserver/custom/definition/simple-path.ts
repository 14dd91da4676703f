// Paths that begin at the object: `.spec.replicas`.
import type { FieldError } from '../../../k8s/field-error.ts';
import { invalid } from '../../../k8s/field-errors.ts';

export const simplePathErrors = (path: string, field: string): readonly FieldError[] => {
  if (path === '') return [invalid(field, path, 'must not be empty')];
  return path.startsWith('.') ? [] : [invalid(field, path, 'must be a simple json path starting with .')];
};
