// apiVersion, kind and metadata are Kubernetes' own: a schema may say little about them.
// Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/validation.go, validateStructuralMetadataInvariants.
import type { FieldError } from '../../../k8s/field-error.ts';
import { forbidden, invalid } from '../../../k8s/field-errors.ts';
import { ownValue } from '../../../lang/own-value.ts';
import type { Schema } from '../structural/schema.ts';

export const metadataErrors = (schema: Schema, isRoot: boolean, path: string): readonly FieldError[] => {
  const isResource = isRoot || schema['x-kubernetes-embedded-resource'] === true;
  const at = (name: string): string => `${path}.properties[${name}]`;
  const typeErrors = ['kind', 'apiVersion'].flatMap((name) => {
    const own = ownValue(schema.properties, name);
    return isResource && own && own.type !== 'string'
      ? [invalid(`${at(name)}.type`, own.type ?? '', 'must be string')]
      : [];
  });
  const metadata = ownValue(schema.properties, 'metadata');
  if (!metadata) return typeErrors;
  return [
    ...typeErrors,
    ...(isResource && metadata.type !== 'object'
      ? [invalid(`${at('metadata')}.type`, metadata.type ?? '', 'must be object')]
      : []),
    ...(isRoot && !isPlain(metadata)
      ? [
          forbidden(
            at('metadata'),
            'must not specify anything other than name and generateName, but metadata is implicitly specified',
          ),
        ]
      : []),
  ];
};

const isPlain = ({ type: _type, default: _default, properties = {}, ...rest }: Schema): boolean =>
  Object.keys(rest).length === 0 &&
  Object.keys(properties).every((name) => name === 'name' || name === 'generateName');
