// Fields that field selectors may name.
import type { FieldError } from '../../../k8s/field-error.ts';
import { duplicate, invalid, required, tooMany } from '../../../k8s/field-errors.ts';
import type { SelectableField } from '../../../k8s/generated/types.ts';
import type { Schema } from '../structural/schema.ts';
import { schemaOf } from '../versions.ts';
import { followFieldPath } from './field-path.ts';
import type { Part } from './parts.ts';

const FIELDS_MAX = 8;

export const selectableFieldErrors = ({
  value: fields,
  path,
  version,
}: Part<readonly SelectableField[]>): readonly FieldError[] => {
  const schema = schemaOf(version);
  const seen = new Set<string>();
  const errors = fields.flatMap(({ jsonPath }, index) => {
    const isRepeated = seen.has(jsonPath);
    seen.add(jsonPath);
    return fieldErrors(jsonPath, `${path}[${index}].jsonPath`, schema, isRepeated);
  });
  return seen.size > FIELDS_MAX ? [...errors, tooMany(path, seen.size, FIELDS_MAX)] : errors;
};

const fieldErrors = (
  jsonPath: string,
  field: string,
  schema: Schema,
  isRepeated: boolean,
): readonly FieldError[] => {
  if (!jsonPath) return [required(field)];
  if (jsonPath.includes('['))
    return [invalid(field, jsonPath, 'is an invalid path: array notation is not allowed')];
  const found = followFieldPath(jsonPath, schema);
  if (!found.ok) return [invalid(field, jsonPath, `is an invalid path: ${found.problem}`)];
  const isScalar = ['string', 'boolean', 'integer'].includes(found.schema?.type ?? '');
  return [
    ...(/^\.metadata(?:\.|$)/.test(jsonPath)
      ? [invalid(field, jsonPath, 'must not point to fields in metadata')]
      : []),
    ...(isScalar
      ? []
      : [
          invalid(
            field,
            jsonPath,
            'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
          ),
        ]),
    ...(isRepeated ? [duplicate(field, jsonPath)] : []),
  ];
};
