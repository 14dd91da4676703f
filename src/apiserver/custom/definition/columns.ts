// Printer columns.
import type { FieldError } from '../../../k8s/field-error.ts';
import { invalid, required } from '../../../k8s/field-errors.ts';
import type { CustomResourceColumnDefinition } from '../../../k8s/generated/types.ts';
import { simplePathErrors } from './simple-path.ts';

const TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

export const columnErrors = (
  columns: readonly CustomResourceColumnDefinition[],
  path: string,
): readonly FieldError[] => columns.flatMap((column, index) => ownErrors(column, `${path}[${index}]`));

const ownErrors = (
  { name, type, format, jsonPath }: CustomResourceColumnDefinition,
  path: string,
): readonly FieldError[] => {
  const oneOfTypes = `must be one of ${TYPES.join(',')}`;
  return [
    ...(name ? [] : [required(`${path}.name`)]),
    ...(type ? [] : [required(`${path}.type`, oneOfTypes)]),
    ...(type && !TYPES.includes(type) ? [invalid(`${path}.type`, type, oneOfTypes)] : []),
    ...(format && !FORMATS.includes(format)
      ? [invalid(`${path}.format`, format, `must be one of ${FORMATS.join(',')}`)]
      : []),
    ...(jsonPath ? simplePathErrors(jsonPath, `${path}.JSONPath`) : [required(`${path}.JSONPath`)]),
  ];
};
