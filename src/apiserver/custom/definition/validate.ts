// What is wrong with a CustomResourceDefinition.
// Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go (1.36).
import type { FieldError } from '../../../k8s/field-error.ts';
import { invalid, required } from '../../../k8s/field-errors.ts';
import type { CustomResourceDefinition } from '../../../k8s/generated/types.ts';
import { equalJson } from '../../../lang/json.ts';
import { approvalErrors } from './approval.ts';
import { columnErrors } from './columns.ts';
import { isEstablished } from './conditions.ts';
import { conversionErrors } from './conversion.ts';
import { groupErrors, nameErrors } from './names.ts';
import { columnParts, schemaParts, selectableParts, subresourceParts } from './parts.ts';
import { schemaErrors } from './schema-errors.ts';
import { selectableFieldErrors } from './selectable-fields.ts';
import { subresourceErrors } from './subresources.ts';
import { storedVersionErrors, versionErrors } from './versions.ts';

/** `before`: what an update replaces. */
export const validateDefinition = (
  definition: CustomResourceDefinition,
  before: CustomResourceDefinition | undefined,
): readonly FieldError[] => {
  const { metadata, spec, status } = definition;
  return [
    ...(metadata?.name === `${spec.names.plural}.${spec.group}`
      ? []
      : [invalid('metadata.name', metadata?.name, 'must be spec.names.plural+"."+spec.group')]),
    ...groupErrors(spec.group),
    ...scopeErrors(spec.scope),
    ...missingSchemas(definition),
    ...versionErrors(spec.versions),
    ...nameErrors(spec.names, 'spec.names'),
    ...schemaParts(definition).flatMap(schemaErrors),
    ...subresourceParts(definition).flatMap(({ value, path }) => subresourceErrors(value, path)),
    ...columnParts(definition).flatMap(({ value, path }) => columnErrors(value, path)),
    ...selectableParts(definition).flatMap(selectableFieldErrors),
    ...conversionErrors(spec.conversion, before !== undefined && isEstablished(before)),
    ...preservationErrors(definition),
    ...storedVersionErrors(status?.storedVersions ?? [], spec.versions),
    ...approvalErrors(definition, before),
    ...(before ? immutableErrors(definition, before) : []),
  ];
};

const scopeErrors = (scope: string): readonly FieldError[] => {
  if (!scope) return [required('spec.scope')];
  if (scope === 'Cluster' || scope === 'Namespaced') return [];
  return [
    {
      type: 'FieldValueNotSupported',
      field: 'spec.scope',
      message: `Unsupported value: ${JSON.stringify(scope)}: supported values: "Cluster", "Namespaced"`,
    },
  ];
};

const missingSchemas = ({ spec }: CustomResourceDefinition): readonly FieldError[] =>
  spec.versions.flatMap(({ schema }, index) =>
    schema?.openAPIV3Schema ? [] : [required(`spec.versions[${index}].schema.openAPIV3Schema`)],
  );

const preservationErrors = ({
  spec: { preserveUnknownFields },
}: CustomResourceDefinition): readonly FieldError[] =>
  preserveUnknownFields
    ? [
        invalid(
          'spec.preserveUnknownFields',
          true,
          'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
        ),
      ]
    : [];

// What is stored goes by these.
const immutableErrors = (
  { spec }: CustomResourceDefinition,
  before: CustomResourceDefinition,
): readonly FieldError[] => {
  const old = before.spec;
  const always = [
    ['spec.group', spec.group, old.group],
    ['spec.names.plural', spec.names.plural, old.names.plural],
  ] as const;
  const onceEstablished = [
    ['spec.scope', spec.scope, old.scope],
    ['spec.names.kind', spec.names.kind, old.names.kind],
  ] as const;
  return [...(isEstablished(before) ? onceEstablished : []), ...always].flatMap(([field, value, then]) =>
    equalJson(value, then) ? [] : [invalid(field, value, 'field is immutable')],
  );
};
