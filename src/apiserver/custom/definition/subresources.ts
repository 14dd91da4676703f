// The scale subresource: where its numbers are.
import type { FieldError } from '../../../k8s/field-error.ts';
import { invalid, required } from '../../../k8s/field-errors.ts';
import type { CustomResourceSubresources } from '../../../k8s/generated/types.ts';
import { simplePathErrors } from './simple-path.ts';

export const subresourceErrors = (
  { scale }: CustomResourceSubresources,
  path: string,
): readonly FieldError[] => {
  if (!scale) return [];
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  const at = (name: string): string => `${path}.scale.${name}`;
  return [
    ...pathErrors(specReplicasPath, at('specReplicasPath'), ['.spec.'], 'should be a json path under .spec'),
    ...pathErrors(
      statusReplicasPath,
      at('statusReplicasPath'),
      ['.status.'],
      'should be a json path under .status',
    ),
    ...(labelSelectorPath
      ? pathErrors(
          labelSelectorPath,
          at('labelSelectorPath'),
          ['.spec.', '.status.'],
          'should be a json path under either .spec or .status',
        )
      : []),
  ];
};

const pathErrors = (
  path: string | undefined,
  field: string,
  prefixes: readonly string[],
  complaint: string,
): readonly FieldError[] => {
  if (!path) return [required(field)];
  const errors = simplePathErrors(path, field);
  if (errors.length > 0 || prefixes.some((prefix) => path.startsWith(prefix))) return errors;
  return [invalid(field, path, complaint)];
};
